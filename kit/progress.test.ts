import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { lineProgress } from './progress.ts';

it('writes one plain line per step, with its note and time, when nobody looks at a terminal', async () => {
  const { progress, text } = recorded();
  await progress.step('registry', async (note) => note('created'));
  expect(text()).toMatch(/^\[ +\d+\.\ds\] ✓ registry \(created, \d+\.\d s\)\n$/);
});

it('marks a failed step and passes the failure on', async () => {
  const { progress, text } = recorded();
  await expect(progress.step('registry', () => Promise.reject(new Error('port taken')))).rejects.toThrow(
    'port taken',
  );
  expect(text()).toMatch(/✗ registry \(failed after \d+\.\d s\)/);
});

it('announces a step that takes long', async () => {
  const { progress, text } = recorded();
  await progress.step('image', () => expect.poll(text).toMatch(/… image\n/));
});

it('keeps within the width of a terminal, and leaves the lines of a pipe whole', async () => {
  const long = 'a title of many words '.repeat(6).trim();
  const show = async (terminal: object): Promise<string[]> => {
    const { progress, text } = recorded(terminal);
    await progress.step(long, async (note) => note('built from the sources of this repository'));
    await progress.step('exactly as wide as the terminal, with its remark that is', async (note) =>
      note('x'),
    );
    progress.info(`  ${long}`);
    return stripVTControlCharacters(text()).trimEnd().split('\n');
  };
  const narrow = await show({ isTTY: true, columns: 80 });
  expect(narrow.filter((line) => line.length > 80)).toEqual([]);
  expect(narrow.at(-1)).toMatch(/^ {14}\S/);
  const words = (lines: string[]): string =>
    lines
      .join(' ')
      .replaceAll(/ *(\[ .*?s\]| \d+\.\d s) */g, ' ')
      .replaceAll(/\s+/g, ' ');
  const whole = await show({});
  expect(whole).toHaveLength(3);
  expect(words(narrow)).toBe(words(whole));
});

function recorded(terminal: object = {}): { progress: ReturnType<typeof lineProgress>; text: () => string } {
  const stream = Object.assign(new PassThrough(), terminal);
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return {
    progress: lineProgress({ stream, announceAfterSeconds: 0.01 }),
    text: () => Buffer.concat(chunks).toString(),
  };
}
