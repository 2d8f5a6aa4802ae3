/** Adds to a store's refusal what the job cannot know: the address of its host; pure. */
import type { Reason } from '../../crds/index.ts';

/** @param hostAddress of the host that the job ran on */
export function aboutHost(reason: Reason, message: string, hostAddress: string | undefined): string {
  if (reason !== 'StoreNetworkRefused' || hostAddress === undefined) return message;
  return `${message} The host is ${hostAddress}; the account may see the address of a gateway instead.`;
}
