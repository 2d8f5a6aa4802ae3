/**
 * Reasons are an API: alerts and runbooks name them. These tests keep the closed set closed, and in step with
 * the drivers.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { repositoryDirectory } from '../kit/paths.ts';
import { readSourceFiles } from '../test/architecture/source-files.ts';
import { reasonGroups, reasons } from './index.ts';

/** Members of a string union in a source file, because types do not exist at run time. */
function unionMembers(file: string, type: string): string[] {
  const source = readFileSync(new URL(file, import.meta.url), 'utf8');
  const declaration = new RegExp(`export type ${type} =([^;]*);`).exec(
    source.replaceAll(/\/\/.*$/gm, ''),
  )?.[1];
  if (declaration === undefined) throw new Error(`${file} declares no type ${type}`);
  return [...declaration.matchAll(/'([^']+)'/g)].map(([, member]) => member ?? '');
}

test.each([
  ['../host-driver/host.ts', 'HostErrorReason'],
  ['../blob-store/blob-store.ts', 'BlobErrorReason'],
])('every reason of %s %s is explained', (file, type) => {
  const members = unionMembers(file, type);
  expect(members.length).toBeGreaterThan(5);
  expect(members.filter((member) => !Object.hasOwn(reasons, member))).toEqual([]);
});

test('no reason is explained twice', () => {
  const all = Object.values(reasonGroups).flatMap((group) => Object.keys(group.reasons));
  expect(all.toSorted()).toEqual(Object.keys(reasons).toSorted());
});

test('every reason is a word that the schema of conditions accepts, and its explanation is a sentence', () => {
  for (const [reason, meaning] of Object.entries(reasons)) {
    expect(reason).toMatch(/^[A-Z][A-Za-z]{0,62}$/);
    expect(meaning).toMatch(/^[A-Z`d].*\.$/);
  }
});

test('every reason is used', () => {
  const source = readSourceFiles(repositoryDirectory)
    .filter(
      ({ path }) => path.endsWith('.ts') && !/\.test\.ts$|^(test|docs)\/|^crds\/reasons\.ts$/.test(path),
    )
    .map(({ text }) => text)
    .join('\n');
  const words = new Set(source.match(/[A-Z][A-Za-z]+/g));
  expect(Object.keys(reasons).filter((reason) => !words.has(reason))).toEqual([]);
});
