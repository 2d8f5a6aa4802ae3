import { PassThrough } from 'node:stream';
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

function recorded(): { progress: ReturnType<typeof lineProgress>; text: () => string } {
  const stream = new PassThrough();
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return {
    progress: lineProgress({ stream, announceAfterSeconds: 0.01 }),
    text: () => Buffer.concat(chunks).toString(),
  };
}
