/**
 * Where a request may come from; Azurite does not check that. An account's network rules refuse before
 * anything else, with a code that does not say why ("Configure Azure Storage firewalls and virtual networks",
 * https://learn.microsoft.com/azure/storage/common/storage-network-security). A SAS with addresses says which
 * one it saw ("Shared access signature error codes",
 * https://learn.microsoft.com/rest/api/storageservices/sas-error-codes).
 */
import { BlockList } from 'node:net';
import { azureError, sourceAddressError, type Answer } from './answers.ts';
import type { BlobRequest } from './request.ts';
import type { Rules } from './rules.ts';

/** @param peer the client's address, as the socket has it */
export function networkRefusal(
  { account, query }: BlobRequest,
  rules: Rules,
  peer: string,
): Answer | undefined {
  const address = peer.replace(/^::ffff:/, '');
  if (!rules.letsIn(account, address)) return azureError('AuthorizationFailure');
  const signed = query.get('sip');
  return signed === null || isWithin(signed, address) ? undefined : sourceAddressError(address);
}

/** @param range `a` or `a-b`, IPv4 */
function isWithin(range: string, address: string): boolean {
  const [first = '', last = first] = range.split('-');
  const list = new BlockList();
  list.addRange(first, last);
  return list.check(address);
}
