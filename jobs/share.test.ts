import { describe, expect, it } from 'vitest';
import { read } from '../backup-format/schema.ts';
import { shareQuestion } from './share.ts';

const ask = (question: unknown): unknown => read(shareQuestion, question, 'the question');
const list = (prefix: string): unknown => ({ type: 'List', prefix, after: '', most: 1 });

describe('what is asked of a share', () => {
  it.each(['a', 'backups/acme/manifest.json', '.jtel-upload/1', 'a/..b', 'a/.../b'])('may be %s', (name) => {
    expect(ask({ type: 'Look', name })).toEqual({ type: 'Look', name });
    expect(ask(list(`${name}/`))).toEqual(list(`${name}/`));
  });

  it.each(['..', '.', '../a', 'a/..', 'a/../b', 'a/./b', '/a', 'a//b'])(
    'never leaves its folder: %s',
    (name) => {
      expect(() => ask({ type: 'Destroy', name })).toThrow('name');
      expect(() => ask(list(`${name}/`))).toThrow('prefix');
    },
  );

  it.each(['..', 'a/..'])('does not begin outside of it, either: %s', (prefix) => {
    expect(() => ask(list(prefix))).toThrow('prefix');
  });

  it('may be everything', () => expect(ask(list(''))).toEqual(list('')));
});
