/**
 * Proves that a store refuses to change what is stored. It tries, because the data plane says only *that* a
 * container has a policy, not whether the policy works. Both attempts carry the ETag that was read, so they
 * can only hit that blob.
 */
import { createHash } from 'node:crypto';
import { RestError, type BlockBlobClient } from '@azure/storage-blob';
import { azureCode, isBlobNotFound } from './errors.ts';
import type { ImmutabilityProof, ProofOutcome } from '../blob-store.ts';

export interface Victim {
  readonly client: BlockBlobClient;
  readonly content: Buffer;
  readonly contentType: string;
  readonly etag: string;
  /** Undefined if the account keeps no versions. */
  readonly versionID?: string;
}

interface Answer {
  readonly outcome: ProofOutcome;
  readonly code: string;
}

/** @param writeAgain is called before this returns, when the delete was allowed */
export async function attemptToDestroy(
  victim: Victim,
  writeAgain: () => Promise<void>,
  signal: AbortSignal,
): Promise<ImmutabilityProof> {
  const overwrite = await overwriting(victim, signal);
  if (overwrite.outcome === 'Allowed' && victim.versionID !== undefined)
    return await attemptOnVersion(victim, victim.versionID, signal);
  if (overwrite.outcome !== 'Refused')
    return {
      overwrite: overwrite.outcome,
      delete: 'NotTried',
      detail: sentence('overwriting it', overwrite),
    };
  const deletion = await deleting(victim, signal);
  if (deletion.outcome === 'Allowed') await writeAgain();
  return {
    overwrite: overwrite.outcome,
    delete: deletion.outcome,
    detail: `${sentence('overwriting it', overwrite)}; ${sentence('deleting it', deletion)}${deletion.outcome === 'Allowed' ? ' and it was written again' : ''}`,
  };
}

/**
 * Finds out whether the earlier version of a blob that was just overwritten with its own bytes is kept, and
 * for how long. The bytes are still there, whatever the answer is.
 */
async function attemptOnVersion(
  { client, content }: Victim,
  versionID: string,
  signal: AbortSignal,
): Promise<ImmutabilityProof> {
  const earlier = client.withVersion(versionID);
  const kept = await earlier
    .downloadToBuffer(0, content.length, { abortSignal: signal })
    .catch((error: unknown) => {
      if (isBlobNotFound(error)) return undefined;
      throw error;
    });
  if (kept?.equals(content) !== true)
    return {
      overwrite: 'Allowed',
      delete: 'NotTried',
      detail: 'overwriting it was allowed, and the earlier version is gone',
    };
  const deletion = await answerTo(() => earlier.delete({ abortSignal: signal }));
  const detail = `overwriting it made a new version and kept the earlier one; ${sentence('deleting that one', deletion)}`;
  return {
    overwrite: deletion.outcome === 'Allowed' ? 'Allowed' : 'NewVersion',
    delete: deletion.outcome,
    detail,
  };
}

async function overwriting(
  { client, content, contentType, etag }: Victim,
  abortSignal: AbortSignal,
): Promise<Answer> {
  const md5 = createHash('md5').update(content).digest();
  return await answerTo(() =>
    client.upload(content, content.length, {
      abortSignal,
      conditions: { ifMatch: etag },
      blobHTTPHeaders: { blobContentType: contentType, blobContentMD5: md5 },
      transactionalContentMD5: md5,
    }),
  );
}

async function deleting({ client, etag }: Victim, abortSignal: AbortSignal): Promise<Answer> {
  return await answerTo(() => client.delete({ abortSignal, conditions: { ifMatch: etag } }));
}

async function answerTo(attempt: () => Promise<unknown>): Promise<Answer> {
  try {
    await attempt();
    return { outcome: 'Allowed', code: '' };
  } catch (error) {
    const outcome = outcomeOf(error);
    if (outcome === undefined) throw error;
    const { statusCode } = error as RestError;
    return { outcome, code: `${statusCode ?? ''} ${azureCode(error as RestError) ?? ''}`.trim() };
  }
}

/**
 * By https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes:
 * - 409 BlobImmutableDueToPolicy (time-based) and BlobImmutableDueToLegalHold are the refusals that count.
 * - 403 UnauthorizedBlobOverwrite, AuthorizationPermissionMismatch, InsufficientAccountPermissions: these
 *   credentials may not even try. That proves nothing about others. (403 AuthorizationFailure is about the
 *   network, so it ends the attempt.)
 * - 412 ConditionNotMet: somebody replaced the blob since it was read, or our own request succeeded and its
 *   answer was lost. So the blob is not immutable.
 * - 404 to the delete means the same for a delete whose answer was lost.
 */
function outcomeOf(error: unknown): ProofOutcome | undefined {
  if (!(error instanceof RestError)) return undefined;
  if (isBlobNotFound(error)) return 'Allowed';
  switch (azureCode(error)) {
    case 'BlobImmutableDueToPolicy':
    case 'BlobImmutableDueToLegalHold':
      return 'Refused';
    case 'UnauthorizedBlobOverwrite':
    case 'AuthorizationPermissionMismatch':
    case 'InsufficientAccountPermissions':
      return 'NotTried';
    case 'ConditionNotMet':
      return 'Allowed';
    default:
      return undefined;
  }
}

function sentence(doing: string, { outcome, code }: Answer): string {
  switch (outcome) {
    case 'Refused':
      return `${doing} was refused (${code})`;
    case 'Allowed':
      return `${doing} was allowed${code === '' ? '' : ` (${code}: it is not what it was)`}`;
    case 'NotTried':
      return `${doing} could not be tried: these credentials do not allow it (${code}), so the policy was not asked`;
  }
}
