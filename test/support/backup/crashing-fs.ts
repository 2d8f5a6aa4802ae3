/**
 * Plays a process that dies between two changes to the file system: from the nth change on, every further
 * change fails. Reads go on, because a dead process would not notice them either. It works only for code
 * that runs in this thread.
 */
import { syncBuiltinESMExports } from 'node:module';
import fs from 'node:fs';
import promises from 'node:fs/promises';

const changes = {
  sync: [
    'renameSync',
    'mkdirSync',
    'symlinkSync',
    'linkSync',
    'rmSync',
    'ftruncateSync',
    'fchownSync',
    'fchmodSync',
    'futimesSync',
    'lchownSync',
    'lutimesSync',
    'chownSync',
  ],
  async: ['rename', 'mkdir', 'rm', 'rmdir', 'writeFile', 'appendFile', 'chown', 'chmod', 'open'],
} as const;

class Crash extends Error {
  override readonly name = 'Crash';
}

type AnyFunction = (...parameters: unknown[]) => unknown;

/** @returns how many changes there were, and whether it crashed. */
export async function crashAfter(
  changesBefore: number,
  work: () => Promise<unknown>,
): Promise<{ readonly crashed: boolean; readonly changes: number }> {
  let done = 0;
  const counted = <F extends AnyFunction>(original: F): AnyFunction =>
    function crashing(this: unknown, ...parameters: unknown[]) {
      done++;
      if (done > changesBefore) throw new Crash('the process is dead');
      return original.apply(this, parameters);
    };
  const originals = [
    ...patch(fs as unknown as Record<string, AnyFunction>, changes.sync, counted),
    ...patch(promises as unknown as Record<string, AnyFunction>, changes.async, counted),
  ];
  syncBuiltinESMExports();
  try {
    await work();
    return { crashed: false, changes: done };
  } catch (error) {
    if (done <= changesBefore) throw error;
    return { crashed: true, changes: done };
  } finally {
    for (const restore of originals) restore();
    syncBuiltinESMExports();
  }
}

function patch(
  module: Record<string, AnyFunction>,
  names: readonly string[],
  wrap: (original: AnyFunction) => AnyFunction,
): (() => void)[] {
  return names.map((name) => {
    const original = module[name];
    if (original === undefined) throw new Error(`there is no ${name}`);
    module[name] = wrap(original);
    return () => {
      module[name] = original;
    };
  });
}
