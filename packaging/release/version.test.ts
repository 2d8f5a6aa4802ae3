import { expect, test } from 'vitest';
import { obstaclesOf, type ReleaseFacts } from './version.ts';

const facts: ReleaseFacts = {
  version: '0.2.0',
  commit: 'b'.repeat(40),
  changedFiles: [],
  published: { '0.1.0': 'a'.repeat(40) },
  changelog: '# Changelog\n\n## [0.2.0] - 2026-12-01\n',
};

test('a version that is new, written up and committed can be released, and the same one again', () => {
  expect(obstaclesOf(facts)).toEqual([]);
  expect(obstaclesOf({ ...facts, published: { '0.2.0': facts.commit }, inDist: '0.2.0' })).toEqual([]);
});

test.for([
  ['v0.2.0', 'is no version'],
  ['0.2', 'is no version'],
  ['0.2.0+build.1', 'is no version'],
  ['', 'is no version'],
  ['../0.2.0', 'is no version'],
])('%s cannot be a version', ([version = '', complaint = '']) => {
  expect(obstaclesOf({ ...facts, version })).toEqual([expect.stringContaining(complaint)]);
});

test.for<[string, Partial<ReleaseFacts>, string]>([
  ['a version of another commit', { published: { '0.2.0': 'c'.repeat(40) } }, 'was released from commit c'],
  ['a tree with changes', { changedFiles: ['Makefile'] }, 'not committed'],
  ['a version that nobody wrote up', { changelog: '## [Unreleased]\n## [0.2.0-rc.1]\n' }, '"## [0.2.0]"'],
  ['a folder with another version', { inDist: '0.1.0' }, 'dist/ holds 0.1.0'],
])('%s prevents a release', ([, change, complaint]) => {
  expect(obstaclesOf({ ...facts, ...change })).toEqual([expect.stringContaining(complaint)]);
});
