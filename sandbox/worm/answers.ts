/**
 * Azure's errors, as it writes them: "Status and error codes" and "Blob Storage error codes" in Microsoft's REST reference
 * (https://learn.microsoft.com/rest/api/storageservices/status-and-error-codes2, …/blob-service-error-codes).
 */
import { randomUUID } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

/** Code → status and text. */
const errors = {
  InvalidInput: [400, 'One of the request inputs is not valid.'],
  InvalidAuthenticationInfo: [
    401,
    'Server failed to authenticate the request. Please refer to the information in the www-authenticate header.',
  ],
  AuthenticationFailed: [
    403,
    'Server failed to authenticate the request. Make sure the value of the Authorization header is formed correctly including the signature.',
  ],
  AuthorizationFailure: [403, 'This request is not authorized to perform this operation.'],
  AuthorizationPermissionMismatch: [
    403,
    'This request is not authorized to perform this operation using this permission.',
  ],
  AuthorizationSourceIPMismatch: [
    403,
    'This request is not authorized to perform this operation using this source IP {SourceIP}.',
  ],
  UnauthorizedBlobOverwrite: [403, 'This request is not authorized to perform blob overwrites.'],
  BlobNotFound: [404, 'The specified blob does not exist.'],
  BlobAlreadyExists: [409, 'The specified blob already exists.'],
  BlobBeingRehydrated: [409, 'This operation is not permitted because the blob is being rehydrated.'],
  BlobImmutableDueToPolicy: [
    409,
    'This operation is not permitted as the blob is immutable due to a policy.',
  ],
  ContainerImmutabilityPolicyLocked: [
    409,
    'The requested operation is not allowed as the container has a locked immutability policy.',
  ],
  ConditionNotMet: [412, 'The condition specified using HTTP conditional header(s) is not met.'],
  RequestBodyTooLarge: [413, 'The request body is too large and exceeds the maximum permissible limit.'],
  TooManyRequests: [429, 'Too many requests.'],
  InternalError: [500, 'The server encountered an internal error. Please retry the request.'],
  CannotVerifyCopySource: [
    500,
    'Could not verify the copy source within the specified time. Examine the HTTP status code and message for more information about the failure.',
  ],
  NotImplemented: [501, 'The sandbox does not do this.'],
  ServerBusy: [503, 'The server is currently unable to receive requests. Please retry your request.'],
} as const satisfies Readonly<Record<string, readonly [number, string]>>;

const usualCode: Readonly<Record<number, keyof typeof errors>> = {
  400: 'InvalidInput',
  401: 'InvalidAuthenticationInfo',
  403: 'AuthenticationFailed',
  404: 'BlobNotFound',
  409: 'BlobImmutableDueToPolicy',
  412: 'ConditionNotMet',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServerBusy',
};

/**
 * @param status if it is not that of the code, as with CannotVerifyCopySource, which has the status of the
 *   source
 */
export function azureError(code: keyof typeof errors, status: number = errors[code][0]): Answer {
  return errorAnswer(status, code, errors[code][1]);
}

/** A SAS that is limited to other addresses: the only refusal that shows the caller's address. */
export function sourceAddressError(address: string): Answer {
  const [status, text] = errors.AuthorizationSourceIPMismatch;
  return errorAnswer(status, 'AuthorizationSourceIPMismatch', text.replace('{SourceIP}', address));
}

/** For an injected fault: any status with any code. */
export function faultAnswer(status: number, code: string | undefined, retryAfterSeconds?: number): Answer {
  const named = code ?? usualCode[status] ?? 'InternalError';
  const text = named in errors ? errors[named as keyof typeof errors][1] : 'An injected fault.';
  const answer = errorAnswer(status, named, text);
  return retryAfterSeconds === undefined
    ? answer
    : { ...answer, headers: { ...answer.headers, 'retry-after': String(retryAfterSeconds) } };
}

export function emptyAnswer(status: number, headers: OutgoingHttpHeaders): Answer {
  return { status, headers: { ...commonHeaders(), 'content-length': 0, ...headers }, body: Buffer.alloc(0) };
}

export function xmlAnswer(status: number, xml: string, headers: OutgoingHttpHeaders = {}): Answer {
  const body = Buffer.from(`<?xml version="1.0" encoding="utf-8"?>${xml}`);
  return {
    status,
    headers: {
      ...commonHeaders(),
      'content-type': 'application/xml',
      'content-length': body.length,
      ...headers,
    },
    body,
  };
}

function errorAnswer(status: number, code: string, text: string): Answer {
  const headers = commonHeaders();
  const message = `${text}\nRequestId:${headers['x-ms-request-id']}\nTime:${new Date().toISOString()}`;
  return xmlAnswer(status, `<Error><Code>${code}</Code><Message>${message}</Message></Error>`, {
    ...headers,
    'x-ms-error-code': code,
  });
}

function commonHeaders(): { 'x-ms-request-id': string; 'x-ms-version': string } {
  return { 'x-ms-request-id': randomUUID(), 'x-ms-version': '2025-11-05' };
}
