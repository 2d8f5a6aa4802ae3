import { expect, test } from 'vitest';
import { aRelease } from '../../test/support/release-builder.ts';
import { databaseImage } from './release-images.ts';

test('the image of the database is pinned by its digest', () =>
  expect(databaseImage(aRelease())).toEqual({
    repository: 'registry.jtel.example/jtel/acd-dbm',
    tag: '3.43.2',
    digest: `sha256:${'a'.repeat(64)}`,
  }));

test('without a digest there is none: a job would be refused on the host, and nobody would know why', () => {
  const release = aRelease();
  const components = release.components.map((component) => {
    const { digest: _digest, ...image } = component.image;
    return { ...component, image };
  });
  expect(() => databaseImage({ ...release, components })).toThrow(
    expect.objectContaining({ reason: 'ReleaseInvalid', message: expect.stringContaining('acd-dbm') }),
  );
});
