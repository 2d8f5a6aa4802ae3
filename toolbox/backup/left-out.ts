/** Counts what of a file tree is not in a backup as it was, by kind, with a few examples. */
import { mostExamples } from '../../backup-format/data-set.ts';
import type { LeftOut, LeftOutKind } from '../../backup-format/data-set.ts';
import { escaped } from '../../base/printable.ts';

const longestExample = 200;

export class LeftOutCounter {
  readonly #kinds = new Map<LeftOutKind, { entries: number; examples: string[] }>();

  add(kind: LeftOutKind, path: Buffer): undefined {
    const counted = this.#kinds.get(kind) ?? { entries: 0, examples: [] };
    this.#kinds.set(kind, counted);
    counted.entries++;
    if (counted.examples.length < mostExamples) counted.examples.push(printable(path));
  }

  get kinds(): readonly LeftOut[] {
    return [...this.#kinds].map(([kind, { entries, examples }]) => ({ kind, entries, examples }));
  }
}

/**
 * A path for people. Bytes that are not UTF-8, or that would move the cursor, become escapes. A long path is
 * cut to its end.
 */
function printable(path: Buffer): string {
  // Texts of a backup's documents hold no tabs (`patterns.text`).
  const text = escaped(path.toString('utf8')).replaceAll('\t', String.raw`\u0009`);
  return text.length > longestExample ? `…${text.slice(-longestExample)}` : text;
}
