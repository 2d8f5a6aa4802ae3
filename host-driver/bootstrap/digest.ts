/** Decides whether a host's set-up has to run again. Pure, so planners may use it. */
import { createHash } from 'node:crypto';
import type { HostSetup } from '../host.ts';

/** Raise it when the set-up script changes in a way that existing hosts need. */
const revision = 2;

/**
 * Compare with `HostState.setupDigest`. The order of fields does not matter; the order of lists does.
 * Everybody may see it, so it contains no secret.
 */
export function setupDigest(setup: HostSetup): string {
  const { credentials, ...proxy } = setup.proxy ?? {};
  const shown =
    setup.proxy === undefined ? setup : { ...setup, proxy: { ...proxy, credentials: credentials?.version } };
  return createHash('sha256')
    .update(JSON.stringify([revision, sorted(shown)]))
    .digest('hex');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(
    entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, sorted(one)]),
  );
}
