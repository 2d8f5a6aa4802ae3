/**
 * The pause after a connect failed, before the endpoint is tried again. It depends on the reason, because
 * sshd punishes some tries and not others.
 */
import type { BackOff } from '../../base/back-off.ts';
import type { HostError } from '../host.ts';

const refused: BackOff = { firstSeconds: 15, longestSeconds: 120 };
/** sshd enforces no ban that is shorter than 15 s, and a try does not prolong one. */
const banned: BackOff = { firstSeconds: 15, longestSeconds: 15 };
const unreachable: BackOff = { firstSeconds: 0.25, longestSeconds: 5 };

export const connectSpread: readonly [number, number] = [0.8, 1.2];

export function pauseAfter({ reason }: HostError): BackOff {
  if (reason === 'AddressBanned') return banned;
  return reason === 'HostUnreachable' ? unreachable : refused;
}
