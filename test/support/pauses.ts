import type { BackOff } from '../../base/back-off.ts';

/** For tests of anything that is tried again. */
export const atOnce: BackOff = { firstSeconds: 0.001, longestSeconds: 0.1 };
