/** The bounds of a backup. They are data, so that tests can be quicker than nights. */

import type { Bounds } from '../places/grant.ts';

export interface Limits {
  /** How long a backup waits that cannot begin. */
  readonly startDeadlineSeconds: number;
  /** From its beginning to its end. */
  readonly runDeadlineSeconds: number;
  readonly mostAttempts: number;
  /** The pause after a failed try; each further pause is longer by this. */
  readonly retrySeconds: number;
  /** How long the first try may write to the store; the second has twice that, and so on. */
  readonly uploadWindowSeconds: number;
}

export const defaultLimits: Limits = {
  startDeadlineSeconds: 12 * 3600,
  runDeadlineSeconds: 24 * 3600,
  mostAttempts: 6,
  retrySeconds: 20,
  uploadWindowSeconds: 12 * 3600,
};

/** docs/decisions/0058-backups-at-night.md has the figures. */
export const defaultBounds: Bounds = { perStore: 10, inAll: 50 };
