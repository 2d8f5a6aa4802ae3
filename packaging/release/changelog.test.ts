import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gt, rcompare } from 'semver';
import { expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import published from '../published.json' with { type: 'json' };
import { repositoryDirectory } from '../../kit/paths.ts';
import { obstaclesOf } from './version.ts';

const changelog = await readFile(join(repositoryDirectory, 'CHANGELOG.md'), 'utf8');
const headings = changelog.split('\n').filter((line) => line.startsWith('## '));

test('what is not released comes first, then versions with their days, the newest first', () => {
  const [first, ...others] = headings;
  expect(first).toBe('## [Unreleased]');
  const versions = others.map((line) => /^## \[(\S+)\] - \d{4}-\d\d-\d\d$/.exec(line)?.[1] ?? line);
  expect(versions).toEqual(versions.toSorted(rcompare));
});

test('every published version has its entry', () => {
  const commit = 'a'.repeat(40);
  const obstacles = Object.keys(published).flatMap((version) =>
    obstaclesOf({ version, commit, changedFiles: [], published: {}, changelog }),
  );
  expect(obstacles).toEqual([]);
});

test('the sources have the version of the newest entry, or are on the way to a later one', () => {
  const newest = /^## \[(\d\S*)\]/m.exec(changelog)?.[1] ?? '';
  const isOnTheWay = manifest.version.endsWith('-dev') && gt(manifest.version, newest);
  expect([manifest.version, isOnTheWay]).toEqual([manifest.version, manifest.version !== newest]);
});
