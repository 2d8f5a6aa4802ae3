/**
 * Shows progress on standard error: on a terminal one line that is redrawn, in a pipe a line now and then.
 */
import type { Kit } from './kit.ts';
import { progressBar } from './view/paint.ts';
import { shorten } from './view/table.ts';
import { printable } from '../base/printable.ts';

export interface ProgressState {
  readonly percent?: number | undefined;
  readonly text: string;
}

const barLength = 20;
/** In a pipe, this much progress is worth a line. */
const pipeStepPercent = 10;
const startOfLine = '\r\u001b[K';

export class ProgressLine {
  readonly #kit: Kit;
  #drawn = false;
  #toldWords = '';
  #toldPercent = Number.NEGATIVE_INFINITY;

  constructor(kit: Kit) {
    this.#kit = kit;
  }

  show({ percent, text }: ProgressState): void {
    const { surroundings, paint } = this.#kit;
    const { screen, secrets } = surroundings;
    const safe = printable(secrets?.redact(text) ?? text);
    if (screen === undefined) {
      // Numbers in the text change all the time; other words are news.
      const words = text.replaceAll(/[\d.,]+/g, '#');
      if (words === this.#toldWords && (percent ?? 0) < this.#toldPercent + pipeStepPercent) return;
      [this.#toldWords, this.#toldPercent] = [words, percent ?? 0];
      surroundings.note(`${percent === undefined ? '' : `${Math.floor(percent)} % `}${safe}`);
      return;
    }
    const bar = percent === undefined ? '' : `${progressBar(percent, barLength, paint)}  `;
    const used = percent === undefined ? 0 : barLength + 8;
    surroundings.stderr.write(
      `${startOfLine}${bar}${shorten(safe, Math.max(10, screen.size().columns - used - 1))}`,
    );
    this.#drawn = true;
  }

  /** Removes the line. */
  end(): void {
    if (this.#drawn) this.#kit.surroundings.stderr.write(startOfLine);
    this.#drawn = false;
  }
}
