import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const workers = new URL('backup/workers.ts', import.meta.url).href;
const memory = new URL('backup/memory.ts', import.meta.url).href;

/** Runs in a process of its own, because the attempt would take this one down. */
async function inProcess(script: string): Promise<string> {
  const text = `import { Workers } from '${workers}'; import { allocateSlots } from '${memory}';
    const begin = () => new Workers(2, { slots: allocateSlots(2), compressionLevel: 1 });
    ${script}; console.log('ended well');`;
  return (await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', text])).stdout.trim();
}

describe('threads', () => {
  // When terminated in the few milliseconds in which koffi loads, the process died of "FATAL ERROR:
  // Error::ThrowAsJavaScriptException", two times in three here.
  it('end well at whatever moment they are asked to', { timeout: 60_000 }, async () => {
    const script = `for (let milliseconds = 40; milliseconds < 140; milliseconds += 2) {
      const threads = begin();
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      await threads.stop();
    }`;
    expect(await inProcess(script)).toBe('ended well');
  });

  it('that have ended are not waited for', async () => {
    expect(await inProcess('const threads = begin(); await threads.stop(); await threads.stop()')).toBe(
      'ended well',
    );
  });
});
