/** What a situation is, in which alerts come or do not come. */

/**
 * Series of promtool: name and labels → values, one a minute. `N` stands for as many as last until the end of
 * the case.
 */
export type Series = Readonly<Record<string, string>>;

/** `N`: until the end of the case. */
export const steady = (value: number): string => `${value}xN`;

export interface AlertCase {
  readonly when: string;
  readonly series: Series;
  /** The alerts that fire at the end, besides JtelWatchdog. No other may fire. */
  readonly fires: readonly string[];
  /** Minutes until then. */
  readonly after: number;
  /** Minute from which on the alert's expression is true; default 0. It fires when its `for` has passed as well, and not before. */
  readonly from?: number;
  /** JtelWatchdog does not fire either. */
  readonly operatorGone?: true;
  /** What a person reads. */
  readonly says?: { readonly summary: string; readonly since?: string; readonly customer?: string };
}
