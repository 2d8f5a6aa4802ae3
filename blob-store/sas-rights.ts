/**
 * When a store whose only credential is a SAS may hand that SAS to a job on a host: a SAS can sign nothing smaller, so only when it
 * can do no more than the job needs. Whether it can is written in the SAS itself; the service is not asked.
 */
import { BlobError } from './blob-store.ts';

/**
 * @param store {@link BlobStore.description}
 * @param rights as in the token's `sp`; '' when a stored access policy has them, and the token does not tell
 * @throws {BlobError} `StoreCannotSign` when they are more than reading and listing
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

/** @throws {BlobError} `StoreCannotSign` when they are anything but `c` */
export function requireCreateOnly(store: string, rights: string): void {
  if (rights === 'c') return;
  // With c alone the operator itself could neither read nor list, so this is no advice for a store that takes backups.
  throw refusal(store, rights, 'create objects', 'give the account key (accountName and accountKey)');
}

/** @throws {BlobError} `StoreCannotSign`: a job must know until when it may write */
export function requireExpiry(store: string, expiry: string | null): Date {
  const expires = Date.parse(expiry ?? '');
  if (Number.isNaN(expires))
    throw new BlobError(
      'StoreCannotSign',
      `${store}: the SAS token does not say until when it is good (se), so it is not handed to a host: give the account key, or a SAS token with an expiry`,
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
