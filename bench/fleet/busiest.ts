/** How much happened at once. */

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** @returns how many of them overlap, at the most */
export function mostAtOnce(spans: readonly Span[]): number {
  const edges = spans.flatMap(({ from, to }) => [
    { at: from, by: 1 },
    { at: to, by: -1 },
  ]);
  let [now, most] = [0, 0];
  // An end comes before a begin of the same moment.
  for (const { by } of edges.toSorted((one, other) => one.at - other.at || one.by - other.by))
    most = Math.max(most, (now += by));
  return most;
}

/** Counts by seconds, which come in order. */
export class Busiest {
  #second = -1;
  #count = 0;
  most = 0;

  count(seconds: number): void {
    const second = Math.floor(seconds);
    this.#count = second === this.#second ? this.#count + 1 : 1;
    this.#second = second;
    this.most = Math.max(this.most, this.#count);
  }
}
