/**
 * Finds many needles in a text at a cost that does not grow with their number. Each needle has an anchor: of
 * some places in it the few characters that the fewest others have, because keys and tokens of one kind are
 * alike in most of them. A rolling hash says at each place of the text whether any anchor may stand there.
 */

/** No needle is shorter; an anchor has as many characters. */
export const shortestNeedle = 6;

/** Where an anchor may stand, as parts of a needle's length. A random part of some length is met. */
const places = Array.from({ length: 17 }, (_, index) => index / 16);

/**
 * Needles with one anchor. Honest ones hardly share any; whoever chooses many that are alike in all places
 * gets only so many of them masked.
 */
const mostAlike = 64;

/**
 * Characters that are compared in one text. Only a text and needles that repeat themselves need more; then the
 * whole text counts as found.
 */
const mostCompared = 16_000_000;

/** Beginnings of needles that are looked for at a text's end. Shorter ones are also beginnings of words. */
const shortestBeginning = 8;
const longestBeginning = 512;

const hashBits = 20;
const base = 16_777_619;
/** The weight of the character that leaves the window. */
const leaving = Array.from({ length: shortestNeedle - 1 }).reduce<number>(
  (power) => Math.imul(power, base),
  1,
);

/** A part of a text, end excluded. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export class Needles {
  /** Each needle with the offset of the anchor in it. */
  readonly #byAnchor = new Map<string, Map<string, number>>();
  readonly #anchors = new Map<string, string>();
  /** By their first characters. */
  readonly #byBeginning = new Map<string, Set<string>>();
  /** A bit for each hash of an anchor that ever was. One too many costs a look; none is missed. */
  readonly #maybe = new Uint8Array(2 ** (hashBits - 3));

  /** @param needle of at least {@link shortestNeedle} characters. It is added once. */
  add(needle: string): void {
    let [best, fewest] = [0, Number.POSITIVE_INFINITY];
    for (const place of places) {
      const offset = Math.floor((needle.length - shortestNeedle) * place);
      const alike = this.#byAnchor.get(anchorAt(needle, offset))?.size ?? 0;
      if (alike < fewest) [best, fewest] = [offset, alike];
      if (fewest === 0) break;
    }
    if (fewest >= mostAlike) return;
    this.#addBeginning(needle);
    const anchor = anchorAt(needle, best);
    this.#anchors.set(needle, anchor);
    const alike = this.#byAnchor.get(anchor) ?? new Map<string, number>();
    this.#byAnchor.set(anchor, alike.set(needle, best));
    const slot = slotOf(hashOf(anchor));
    this.#maybe[slot >> 3] = (this.#maybe[slot >> 3] ?? 0) | (1 << (slot & 7));
  }

  delete(needle: string): void {
    const anchor = this.#anchors.get(needle);
    if (anchor === undefined) return;
    this.#anchors.delete(needle);
    const beginning = anchorAt(needle, 0);
    this.#byBeginning.get(beginning)?.delete(needle);
    if (this.#byBeginning.get(beginning)?.size === 0) this.#byBeginning.delete(beginning);
    const alike = this.#byAnchor.get(anchor);
    alike?.delete(needle);
    if (alike?.size === 0) this.#byAnchor.delete(anchor);
  }

  /**
   * Where needles stand, in order; those that overlap or touch are one span. The text may have been cut: so
   * the beginning of a needle at its end counts, too.
   * @param counts says whether a needle that was found counts.
   */
  find(text: string, counts: (needle: string) => boolean): readonly Span[] {
    const found: Span[] = [];
    let compared = 0;
    let hash = hashOf(text.slice(0, shortestNeedle - 1));
    for (let at = 0; at + shortestNeedle <= text.length; at += 1) {
      hash = (Math.imul(hash, base) + text.charCodeAt(at + shortestNeedle - 1)) | 0;
      const slot = slotOf(hash);
      if (((this.#maybe[slot >> 3] ?? 0) & (1 << (slot & 7))) !== 0)
        compared += this.#findAt(text, at, counts, found);
      if (compared > mostCompared) {
        found.push({ start: 0, end: text.length });
        break;
      }
      hash = (hash - Math.imul(text.charCodeAt(at), leaving)) | 0;
    }
    const cut = this.#findCut(text, counts);
    if (cut !== undefined) found.push(cut);
    return found.length < 2 ? found : merged(found);
  }

  #addBeginning(needle: string): void {
    const beginning = anchorAt(needle, 0);
    const alike = this.#byBeginning.get(beginning) ?? new Set();
    if (alike.size < mostAlike) this.#byBeginning.set(beginning, alike.add(needle));
  }

  /** The longest beginning of a needle with which the text ends. */
  #findCut(text: string, counts: (needle: string) => boolean): Span | undefined {
    const end = text.length;
    for (let start = Math.max(0, end - longestBeginning); start + shortestBeginning <= end; start += 1) {
      const alike = this.#byBeginning.get(text.slice(start, start + shortestNeedle));
      if (alike === undefined) continue;
      const rest = text.slice(start);
      for (const needle of alike)
        if (needle.length > rest.length && needle.startsWith(rest) && counts(needle)) return { start, end };
    }
    return undefined;
  }

  /** @returns how many characters were compared, at most */
  #findAt(text: string, at: number, counts: (needle: string) => boolean, found: Span[]): number {
    let compared = 0;
    for (const [needle, offset] of this.#byAnchor.get(text.slice(at, at + shortestNeedle)) ?? []) {
      const start = at - offset;
      compared += needle.length;
      if (start >= 0 && text.startsWith(needle, start) && counts(needle))
        found.push({ start, end: start + needle.length });
    }
    return compared;
  }
}

function merged(spans: readonly Span[]): readonly Span[] {
  const result: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.start - b.start)) {
    const last = result.at(-1);
    if (last === undefined || span.start > last.end) result.push(span);
    else result[result.length - 1] = { start: last.start, end: Math.max(last.end, span.end) };
  }
  return result;
}

function anchorAt(needle: string, offset: number): string {
  return needle.slice(offset, offset + shortestNeedle);
}

function hashOf(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at += 1) hash = (Math.imul(hash, base) + text.charCodeAt(at)) | 0;
  return hash;
}

/** The high bits depend on all characters. */
function slotOf(hash: number): number {
  return hash >>> (32 - hashBits);
}
