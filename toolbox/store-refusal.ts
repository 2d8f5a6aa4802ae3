/**
 * Says what a store's refusal means, for the people who look after the store. All requests of jobs use it.
 */
import { JobError } from './job-error.ts';

export interface StoreAnswer {
  readonly status: number;
  /** x-ms-error-code; '' when there is none. */
  readonly code: string;
  /** Its body, as far as it was read. */
  readonly text?: string;
}

/**
 * For refusals that depend neither on this try nor on the signature.
 * @param what was tried, such as `uploading packs/1`
 */
export function storeRefusal(what: string, { status, code, text = '' }: StoreAnswer): JobError | undefined {
  const said = `${what}: the store answered ${status} ${code}`;
  switch (code) {
    // The account's network rules refuse any signature, and do not say which address they saw.
    case 'AuthorizationFailure':
      return new JobError(
        'StoreNetworkRefused',
        `${said}: the storage account's network rules most likely do not let in this host: allow its address there under Networking.`,
      );
    case 'AuthorizationSourceIPMismatch': {
      const seen = /source IP ([0-9A-Fa-f.:]{3,45}?)\.?(?:\s|<|$)/.exec(text)?.[1];
      return new JobError(
        'StoreNetworkRefused',
        `${said}: the SAS token is not valid for the address of this host${seen === undefined ? '' : `, ${seen}`}: make one without addresses, or with this one.`,
      );
    }
    case 'BlobArchived':
    case 'BlobBeingRehydrated':
      return new JobError(
        'BlobArchived',
        `${said}: it lies in the archive tier, or is on its way out: rehydrate it (set its tier to Hot or Cool) and wait until that is done.`,
      );
    default:
      return undefined;
  }
}
