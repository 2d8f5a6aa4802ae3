/**
 * Turns whatever the Azure SDK throws into a {@link BlobError}. The SDK's error contains the request with its
 * signature. So only its codes are kept as the cause.
 */
import { RestError } from '@azure/storage-blob';
import { addressRefusedCode } from '../../base/address-refused.ts';
import { AnswerTooLarge } from './bounded-answers.ts';
import { BlobError, type BlobErrorReason } from '../blob-store.ts';

export interface Attempt {
  /** As in `read`, for the sentence "cannot read …". */
  readonly verb: 'create' | 'read' | 'look at' | 'list' | 'copy to' | 'prove immutable';
  readonly blob: string;
  /** {@link BlobStore.description} */
  readonly store: string;
  readonly container: string;
}

interface Verdict {
  readonly reason: BlobErrorReason;
  readonly sentence: string;
}

/**
 * @param timedOutSeconds is set when our own time limit ended the attempt.
 * @param from our own address, if it is known
 */
export function blobError(
  error: unknown,
  attempt: Attempt,
  timedOutSeconds?: number,
  from?: string,
): BlobError {
  if (error instanceof BlobError) return error;
  const { reason, sentence } =
    timedOutSeconds === undefined
      ? isNetworkRefusal(error)
        ? networkRefusal(error, from)
        : verdict(error, attempt)
      : timeOut(timedOutSeconds);
  const codes = codesOf(error);
  const cause = new Error(codes === '' ? 'no further details' : codes);
  return new BlobError(
    reason,
    `cannot ${attempt.verb} ${attempt.blob} in ${attempt.store}: ${sentence}`,
    cause,
  );
}

/** Whether the name is taken: the object exists, or it may not be replaced. */
export function isConflict(error: unknown): boolean {
  return error instanceof RestError && ['BlobExists', 'BlobImmutable'].includes(byCode(error)?.reason ?? '');
}

export function isBlobNotFound(error: unknown): boolean {
  return error instanceof RestError && error.statusCode === 404 && !isContainerMissing(error);
}

/**
 * Whether the connection ended in the middle of an answer. Azure's client retries a request that got no
 * answer, but not one whose answer broke off. In that case its stream ends with an AbortError, and its parser
 * with PARSE_ERROR [seen with @azure/storage-blob 12.34].
 */
export function isBrokenOff(error: unknown): boolean {
  if (error instanceof RestError) return error.code === 'PARSE_ERROR';
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  return (
    error.name === 'AbortError' || ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'].includes(code ?? '')
  );
}

/**
 * An account's network rules refuse with 403 AuthorizationFailure, whatever the credentials are. That answer
 * does not say which address they saw
 * (https://learn.microsoft.com/azure/storage/common/storage-network-security). A SAS that is limited to
 * addresses refuses with AuthorizationSourceIPMismatch and says the address
 * (https://learn.microsoft.com/rest/api/storageservices/sas-error-codes).
 */
export function isNetworkRefusal(error: unknown): error is RestError {
  return (
    error instanceof RestError &&
    ['AuthorizationFailure', 'AuthorizationSourceIPMismatch'].includes(azureCode(error) ?? '')
  );
}

function networkRefusal(error: RestError, from: string | undefined): Verdict {
  const codes = codesOf(error);
  const seen = /source IP ([0-9A-Fa-f.:]{3,45}?)\.?(?:\s|$)/.exec(error.message)?.[1];
  if (seen !== undefined)
    return {
      reason: 'StoreNetworkRefused',
      sentence: `the SAS token is not valid for the address ${seen} (${codes}): make one without addresses, or with this one`,
    };
  const who =
    from === undefined
      ? 'the address of whoever asked (unknown)'
      : `the address of whoever asked: ${from}, or the one that a gateway on the way gives it`;
  return {
    reason: 'StoreNetworkRefused',
    sentence: `the storage account's network rules most likely do not let in ${who} (${codes}): allow it there under Networking, or check that the credentials are for this`,
  };
}

function timeOut(seconds: number): Verdict {
  return {
    reason: 'StoreUnreachable',
    sentence: `no complete answer within ${seconds} s: check the endpoint and the network`,
  };
}

function verdict(error: unknown, attempt: Attempt): Verdict {
  if (error instanceof Error && (error as NodeJS.ErrnoException).code === addressRefusedCode)
    return { reason: 'EndpointRefused', sentence: error.message };
  if (error instanceof AnswerTooLarge)
    return { reason: 'StoreUnreachable', sentence: `${error.message}: check the endpoint` };
  if (isBrokenOff(error))
    return {
      reason: 'StoreUnreachable',
      sentence: 'the connection broke off in the middle of the answer: check the network',
    };
  if (!(error instanceof RestError) || error.statusCode === undefined) {
    return {
      reason: 'StoreUnreachable',
      sentence: `no answer (${codesOf(error) || 'connection failed'}): check the endpoint and the network`,
    };
  }
  if (isContainerMissing(error)) {
    return {
      reason: 'ContainerNotFound',
      sentence: `container ${attempt.container} does not exist: create it or correct its name`,
    };
  }
  const known = byCode(error);
  if (known !== undefined) return known;
  if (error.statusCode === 404) return { reason: 'BlobNotFound', sentence: 'it is not there' };
  if (error.statusCode === 401 || error.statusCode === 403) {
    return {
      reason: 'StoreCredentialsRefused',
      sentence: `the store refuses the credentials (${codesOf(error)}): check key, SAS rights and expiry in the Secret`,
    };
  }
  if (error.statusCode === 429 || error.statusCode === 503)
    return {
      reason: 'StoreThrottled',
      sentence: 'the store asks us to slow down: the operator tries again later',
    };
  return {
    reason: 'StoreUnreachable',
    sentence: `the store answered ${codesOf(error)}: try again, then check the store`,
  };
}

/** By Azure's error codes: https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes */
function byCode(error: RestError): Verdict | undefined {
  switch (azureCode(error)) {
    case 'BlobAlreadyExists':
    case 'ConditionNotMet':
    case 'UnauthorizedBlobOverwrite':
      return { reason: 'BlobExists', sentence: 'another object has that name; nothing was overwritten' };
    case 'BlobImmutableDueToPolicy':
    case 'BlobImmutableDueToLegalHold':
    case 'BlobOperationNotSupported':
      return { reason: 'BlobImmutable', sentence: 'it is immutable; nothing was overwritten' };
    case 'BlobArchived':
    case 'BlobBeingRehydrated':
      return {
        reason: 'BlobArchived',
        sentence: `it is in the archive tier, or on its way out (${codesOf(error)}): rehydrate it (set its tier to Hot or Cool) and wait until that is done`,
      };
    case 'KeyBasedAuthenticationNotPermitted':
      return {
        reason: 'StoreCredentialsRefused',
        sentence: `the storage account allows neither account keys nor what they sign (${codesOf(error)}): allow them there (Configuration, storage account key access)`,
      };
    case 'Md5Mismatch':
    case 'InvalidMd5':
      return { reason: 'DigestMismatch', sentence: 'it was damaged on the way: try again' };
    case 'InvalidRange':
      return { reason: 'DigestMismatch', sentence: 'it is shorter than it should be' };
    case 'CannotVerifyCopySource':
      return copySource(error);
    case 'AuthenticationFailed':
    case 'InvalidAuthenticationInfo':
    case 'NoAuthenticationInformation':
      return {
        reason: 'StoreCredentialsRefused',
        sentence: `the store refuses the credentials (${codesOf(error)}): check the Secret`,
      };
    default:
      return undefined;
  }
}

/** The store could not read the source of a copy. The status is that of the source. */
function copySource(error: RestError): Verdict {
  if (error.statusCode === 404)
    return { reason: 'BlobNotFound', sentence: 'the object to be copied is not there' };
  if (error.statusCode === 401 || error.statusCode === 403) {
    return {
      reason: 'StoreCredentialsRefused',
      sentence: `the source refuses the store (${codesOf(error)}): its URL has expired or may not read`,
    };
  }
  return {
    reason: 'StoreUnreachable',
    sentence: `the store could not read the source (${codesOf(error)}): check that it reaches the source’s endpoint`,
  };
}

function isContainerMissing(error: RestError): boolean {
  return ['ContainerNotFound', 'ContainerBeingDeleted', 'ContainerDisabled'].includes(azureCode(error) ?? '');
}

/** An answer without a body, for instance to HEAD, has the code only in a header. */
export function azureCode(error: RestError): string | undefined {
  return error.response?.headers.get('x-ms-error-code') ?? error.code;
}

/** Status and error code, as in `403 AuthorizationPermissionMismatch`, or `ECONNREFUSED`. */
function codesOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const { statusCode, code: ownCode } = error as Error & {
    readonly statusCode?: unknown;
    readonly code?: unknown;
  };
  const code = error instanceof RestError ? azureCode(error) : ownCode;
  return [statusCode, code]
    .filter((part) => typeof part === 'number' || (typeof part === 'string' && /^[\w-]{1,60}$/.test(part)))
    .join(' ');
}
