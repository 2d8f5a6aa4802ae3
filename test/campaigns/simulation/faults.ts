/**
 * What goes wrong in a simulated run, and when. A fault begins and ends; while it lasts, it decides what
 * happens to the calls that it concerns.
 */
import { ApiError, NO_ANSWER } from '../../../runtime/client/api-error.ts';
import { BlobError } from '../../../blob-store/blob-store.ts';
import type { Dice } from './dice.ts';
import { hostError, type Call, type Fate } from './ports.ts';

export const callFaults = [
  'api errors',
  'api away',
  'api slow',
  'answers of api lost',
  'host away',
  'host resets',
  'host half-open',
  'host slow',
  'store errors',
  'store half-open',
] as const;

/** Done to a machine or a process when they begin, and undone when they end. */
export const otherFaults = [
  'watch stalled',
  'disk full',
  'dockerd away',
  'reboot',
  'events lost',
  'operator killed',
  'operator killed at an effect',
  'operator paused',
  'operator replaced',
  'clock set',
] as const;

export type FaultKind = (typeof callFaults)[number] | (typeof otherFaults)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** Seconds since the begin of the run. */
  readonly begin: number;
  readonly end: number;
  /** The host that it concerns; absent: all. */
  readonly address?: string;
  /** Of calls that are hit. */
  readonly probability: number;
}

/** Faults come in this much time, then they are over. */
const faultySeconds = 900;

/** @param addresses of all hosts of the run */
export function drawFaults(dice: Dice, addresses: readonly [string, ...string[]]): readonly Fault[] {
  const kinds = [...callFaults, ...otherFaults] as const;
  return Array.from({ length: dice.integer(0, 8) }, () => {
    const begin = dice.between(1, faultySeconds * 0.7);
    const kind = dice.pick(kinds as readonly FaultKind[] as [FaultKind, ...FaultKind[]]);
    const end = Math.min(faultySeconds, begin + dice.pick([5, 20, 60, 200]) * dice.between(0.5, 1.5));
    return { kind, begin, end, address: dice.pick(addresses), probability: dice.pick([0.1, 0.3, 0.7, 1]) };
  }).toSorted((one, other) => one.begin - other.begin);
}

/** What happens to a call now. */
export function fateOf(dice: Dice, faults: readonly Fault[], call: Call, seconds: number): Fate {
  const usual: Fate = { seconds: usualSeconds(dice, call), arrives: true };
  const hit = faults.find(
    (fault) =>
      fault.begin <= seconds &&
      seconds < fault.end &&
      concerns(fault, call) &&
      dice.chance(fault.probability),
  );
  return hit === undefined ? usual : { ...usual, ...fateBy(hit.kind, dice, call) };
}

function usualSeconds(dice: Dice, { to, isEffect }: Call): number {
  if (to === 'api') return dice.between(0.001, 0.02);
  return isEffect ? dice.between(0.05, 2) : dice.between(0.01, 0.1);
}

function concerns({ kind, address }: Fault, { to, what }: Call): boolean {
  if (kind.startsWith('host ')) return to === 'host' && (address === undefined || address === what);
  return (kind.includes('api') && to === 'api') || (kind.startsWith('store ') && to === 'store');
}

function fateBy(kind: FaultKind, dice: Dice, call: Call): Partial<Fate> {
  const arrives = dice.chance(0.5);
  switch (kind) {
    case 'api errors':
      return { arrives: false, instead: dice.pick(apiErrors(call)) };
    case 'api away':
      return {
        arrives: false,
        instead: new ApiError(NO_ANSWER, 'Unreachable', `${call.method}: connection refused`),
      };
    case 'answers of api lost':
      return {
        arrives,
        instead: dice.chance(0.5) ? 'Nothing' : new ApiError(NO_ANSWER, 'Unreachable', 'reset'),
      };
    case 'host away':
      return { arrives: false, instead: hostError('HostUnreachable', call) };
    case 'host resets':
      return { arrives, instead: hostError(call.isEffect ? 'OutcomeUnknown' : 'HostUnreachable', call) };
    case 'host half-open':
    case 'store half-open':
      return { arrives, instead: 'Nothing' };
    case 'api slow':
    case 'host slow':
      return { seconds: dice.between(1, 12) };
    case 'store errors':
      return {
        arrives: false,
        instead: new BlobError(dice.pick(['StoreUnreachable', 'StoreThrottled']), 'not now'),
      };
    default:
      return {};
  }
}

function apiErrors({ method, what }: Call): [ApiError, ...ApiError[]] {
  const conflict = new ApiError(409, 'Conflict', `${what}: the object has been modified`);
  return [
    new ApiError(429, 'TooManyRequests', 'too many requests', { retryAfterSeconds: 1 }),
    new ApiError(500, 'InternalError', 'etcdserver: leader changed'),
    new ApiError(503, 'ServiceUnavailable', 'the server is currently unable to handle the request'),
    ...(['get', 'find', 'list', 'getSecret', 'create'].includes(method) ? [] : [conflict]),
  ];
}
