/**
 * Decides whether a store whose only credential is a SAS may hand that SAS to a job on a host. A SAS cannot
 * sign a smaller one, so the SAS must not allow more than the job needs. The SAS itself says what it allows;
 * the service is not asked.
 */
import { BlobError } from './blob-store.ts';

/**
 * @param store {@link BlobStore.description}
 * @param rights as in the token's `sp`; '' when they are in a stored access policy, so the token does not say
 * them
 * @throws {BlobError} `StoreCannotSign` when they are more than read and list
 */
export function requireReadOnly(store: string, rights: string): void {
  if (/^[rl]+$/.test(rights)) return;
  throw refusal(
    store,
    rights,
    'read one object',
    'give the account key, or for a store that is only read a SAS token with rl alone',
  );
}

/** @throws {BlobError} `StoreCannotSign` unless they are exactly `c` */
export function requireCreateOnly(store: string, rights: string): void {
  if (rights === 'c') return;
  // The message does not advise a SAS with c alone: the operator itself could then neither read nor list.
  throw refusal(store, rights, 'create objects', 'give the account key (accountName and accountKey)');
}

/** @throws {BlobError} `StoreCannotSign`: a job must know until when it may write */
export function requireExpiry(store: string, expiry: string | null): Date {
  const expires = Date.parse(expiry ?? '');
  if (Number.isNaN(expires))
    throw new BlobError(
      'StoreCannotSign',
      `${store}: the SAS token has no expiry (se), so it is not handed to a host: give the account key, or a SAS token with an expiry`,
    );
  return new Date(expires);
}

function refusal(store: string, rights: string, need: string, instead: string): BlobError {
  const has = rights === '' ? 'does not say what it may do' : `has other rights (${rights})`;
  return new BlobError(
    'StoreCannotSign',
    `${store}: a job on a host needs the right to ${need} and nothing else; only an account key can sign that, and the SAS token in the Secret ${has}, so it is not handed to a host: ${instead}`,
  );
}
