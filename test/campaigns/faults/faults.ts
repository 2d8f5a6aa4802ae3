/** What can go wrong between a client and a blob store, and what the client can make of it. */
import type { BlobErrorReason } from '../../../blob-store/blob-store.ts';
import type { Fault } from '../../../sandbox/worm/types.ts';

export interface NamedFault {
  readonly name: string;
  readonly fault: Fault;
  /**
   * `Passing`: it happens once, and a client that tries again gets through. `Refusal`: trying again at once
   * does not help. `Spoiled`: the answer looks fine but is not what was stored.
   */
  readonly nature: 'Passing' | 'Refusal' | 'Spoiled';
  /** Its name when it happens always. */
  readonly reason: BlobErrorReason;
}

export const blobFaults: readonly NamedFault[] = [
  status(401, 'StoreCredentialsRefused'),
  status(403, 'StoreCredentialsRefused'),
  status(404, 'BlobNotFound'),
  status(409, 'BlobImmutable'),
  status(412, 'BlobExists'),
  {
    name: '429 with Retry-After',
    fault: { kind: 'Status', status: 429, retryAfterSeconds: 1 },
    nature: 'Refusal',
    reason: 'StoreThrottled',
  },
  status(500, 'StoreUnreachable', 'Passing'),
  status(503, 'StoreThrottled', 'Passing'),
  {
    name: '500 although it was done',
    fault: { kind: 'StatusAfter', status: 500 },
    nature: 'Passing',
    reason: 'StoreUnreachable',
  },
  reset('BeforeRequest'),
  reset('DuringRequest'),
  reset('BeforeResponse'),
  reset('DuringResponse'),
  {
    name: 'truncated answer',
    fault: { kind: 'Truncate', bytes: 10 },
    nature: 'Spoiled',
    reason: 'DigestMismatch',
  },
  {
    name: 'one flipped bit',
    fault: { kind: 'Flip', offset: 7 },
    nature: 'Spoiled',
    reason: 'DigestMismatch',
  },
  // Longer than the whole call may take.
  { name: 'no answer', fault: { kind: 'Delay', seconds: 60 }, nature: 'Refusal', reason: 'StoreUnreachable' },
];

function status(code: number, reason: BlobErrorReason, nature: NamedFault['nature'] = 'Refusal'): NamedFault {
  return { name: String(code), fault: { kind: 'Status', status: code }, nature, reason };
}

function reset(when: Extract<Fault, { kind: 'Reset' }>['when']): NamedFault {
  return {
    name: `reset ${when}`,
    fault: { kind: 'Reset', when },
    nature: 'Passing',
    reason: 'StoreUnreachable',
  };
}
