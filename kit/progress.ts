/**
 * Shows a person the steps of the work and their times: one line per step, also if steps run side by side.
 * Colours only on a terminal that wants them.
 */
import picocolors from 'picocolors';
import { fold } from '../base/fold.ts';

/** A few words about how a step went, e.g. `already there`; shown behind its title. */
export type Note = (text: string) => void;

export interface Progress {
  /** Runs `work` and prints its end, its time and its note. A failure is printed and thrown on. */
  step<T>(title: string, work: (note: Note) => Promise<T>): Promise<T>;
  info(text: string): void;
}

export const silentProgress: Progress = {
  step: (_title, work) => work(() => {}),
  info: () => {},
};

export interface LineProgressOptions {
  readonly stream?: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  /** A step that takes longer than this is announced while it runs. */
  readonly announceAfterSeconds?: number;
}

/** Width of `[  3.2s] ✓ `. */
const margin = 12;

/**
 * Progress as lines: `[  3.2s] ✓ registry (1.1 s)`; the first column is the time since the start. A terminal's lines are broken at its
 * width; those of a pipe are not, so that they can be searched.
 */
export function lineProgress(options: LineProgressOptions = {}): Progress {
  const { stream = process.stderr, announceAfterSeconds = 1 } = options;
  const colours = picocolors.createColors(stream.isTTY === true && picocolors.isColorSupported);
  const start = performance.now();
  const line = (mark: string, text: string, remark = ''): void => {
    const at = `${seconds(performance.now() - start).padStart(6)}s`;
    const width = stream.isTTY === true ? Math.max(40, stream.columns ?? 80) - margin : Infinity;
    const lines = fold(text, width);
    const fits = (lines.at(-1) ?? '').length + 1 + remark.length <= width;
    const remarks = remark === '' ? [] : fits ? [remark] : fold(remark, width);
    if (fits && remark !== '') lines[lines.length - 1] += ` ${colours.dim(remarks.pop() ?? '')}`;
    const all = [...lines, ...remarks.map((each) => colours.dim(each))];
    stream.write(`${colours.dim(`[${at}]`)} ${mark} ${all.join(`\n${' '.repeat(margin)}`)}\n`);
  };
  return {
    async step(title, work) {
      const begin = performance.now();
      const announce = setTimeout(() => line(colours.cyan('…'), title), announceAfterSeconds * 1000);
      let said = '';
      try {
        const result = await work((text) => (said = text));
        const took = `${seconds(performance.now() - begin)} s`;
        line(colours.green('✓'), title, `(${said ? `${said}, ` : ''}${took})`);
        return result;
      } catch (error) {
        line(colours.red('✗'), title, `(failed after ${seconds(performance.now() - begin)} s)`);
        throw error;
      } finally {
        clearTimeout(announce);
      }
    },
    info: (text) => line(' ', text),
  };
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(1);
}
