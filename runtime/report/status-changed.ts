/** Whether a status is worth a request: nothing is sent if nothing changed. */
import { isDeepStrictEqual } from 'node:util';
import { withoutEmpty } from './without-empty.ts';

/** A time that moves while work continues; alone it is worth a request only now and then. */
export interface Heartbeat {
  /** For example `['operation', 'lastHeartbeatTime']`. */
  readonly path: readonly string[];
  readonly everySeconds: number;
}

/**
 * True if `next` differs from `previous` in more than heartbeats, or if a heartbeat has moved on by at least
 * its `everySeconds`. A field that is undefined or empty counts as absent, because it is not sent either
 * (`without-empty.ts`).
 */
export function statusChanged(
  previous: unknown,
  next: unknown,
  heartbeats: readonly Heartbeat[] = [],
): boolean {
  const before = withoutEmpty(previous);
  const after = withoutEmpty(next);
  for (const heartbeat of heartbeats) {
    const then = valueAt(before, heartbeat.path);
    const now = valueAt(after, heartbeat.path);
    if (typeof then !== 'string' || typeof now !== 'string') continue;
    const movedSeconds = (Date.parse(now) - Date.parse(then)) / 1000;
    if (!(Math.abs(movedSeconds) < heartbeat.everySeconds)) continue;
    setAt(after, heartbeat.path, then);
  }
  return !isDeepStrictEqual(before, after);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function valueAt(root: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => (isRecord(value) ? value[name] : undefined), root);
}

function setAt(root: unknown, path: readonly string[], value: string): void {
  const parent = valueAt(root, path.slice(0, -1));
  const name = path.at(-1);
  if (isRecord(parent) && name !== undefined) parent[name] = value;
}
