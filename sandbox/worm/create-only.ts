/**
 * A SAS that may create but not write (`sp=c` without `w`). Azurite refuses to overwrite with it, but with
 * another code than Azure. "Create a service SAS", section Permissions for a blob, container or directory;
 * "Blob Storage error codes": UnauthorizedBlobOverwrite. Azure gives both answers: 403 without a condition,
 * 409 BlobAlreadyExists if `If-None-Match: *` asked for it.
 */
import { azureError } from './answers.ts';
import type { BlobRequest } from './request.ts';
import { asReply, headerOf, type Reply } from './store.ts';

export function createOnlyAnswer(
  request: BlobRequest,
  requestHeaders: readonly string[],
  reply: Reply,
): Reply {
  const rights = request.query.get('sp') ?? '';
  const isCreation = ['PutBlob', 'PutBlobFromUrl', 'CopyBlob'].includes(request.operation);
  const isRefused =
    reply.status === 403 && headerOf(reply.headers, 'x-ms-error-code') === 'AuthorizationPermissionMismatch';
  if (!isCreation || !isRefused || !rights.includes('c') || rights.includes('w')) return reply;
  if (!Buffer.isBuffer(reply.body)) reply.body.resume();
  return asReply(
    azureError(
      headerOf(requestHeaders, 'if-none-match') === '*' ? 'BlobAlreadyExists' : 'UnauthorizedBlobOverwrite',
    ),
  );
}
