/** What stopped a task of a thread. Whoever gave the task says what that means for which object. */

export type TaskLimit =
  /** Of processor time; or nothing came back for much longer. */
  | { readonly kind: 'Time'; readonly seconds: number }
  | { readonly kind: 'Memory'; readonly megabytes: number }
  | { readonly kind: 'Output'; readonly bytes: number };

export class TaskLimitError extends Error {
  override readonly name = 'TaskLimitError';
  readonly limit: TaskLimit;
  /** What the task was at, in its own words; undefined if it said nothing. */
  readonly at: string | undefined;

  constructor(limit: TaskLimit, at: string | undefined) {
    super(`${at ?? 'a task'} ${needsMore(limit)}`);
    this.limit = limit;
    this.at = at;
  }
}

/** A predicate: `takes more than 2 s`. */
export function needsMore(limit: TaskLimit): string {
  switch (limit.kind) {
    case 'Time':
      return `takes more than ${limit.seconds} s`;
    case 'Memory':
      return `takes more than ${limit.megabytes} MB of memory`;
    case 'Output':
      return `gives more than ${Math.round(limit.bytes / 1024)} KiB`;
  }
}
