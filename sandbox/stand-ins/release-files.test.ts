import { expect, test } from 'vitest';
import { standInReleases, updateFiles } from './contexts.ts';
import { releaseFiles } from './release-files.ts';

test('every release has files, and the same ones each time', async () => {
  for (const release of await standInReleases()) {
    expect(releaseFiles(release).get('VERSION')?.toString()).toBe(`${release}\n`);
    expect(releaseFiles(release)).toEqual(releaseFiles(release));
  }
  expect(() => releaseFiles('9.9.9')).toThrow(/no files for release 9\.9\.9/);
});

test('a release has the updates of all releases before it', async () => {
  expect(await updateFiles('3.43.1')).toEqual([]);
  const names = (await updateFiles('3.43.2')).map((path) => path.split('/').at(-1));
  expect(names).toEqual(['0002-display-names.sql', '0003-tenant-settings.sql']);
});
