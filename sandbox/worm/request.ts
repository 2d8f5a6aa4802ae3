/**
 * Identifies the operation of the Blob service by method, path and query, as Microsoft's REST reference
 * defines them.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Operation } from './types.ts';

export interface BlobRequest {
  readonly method: string;
  readonly operation: Operation;
  readonly account: string;
  readonly container: string;
  /** Decoded; '' for requests about a container or the account. */
  readonly blob: string;
  readonly query: URLSearchParams;
}

/** @param target path and query, as in the request line: `/account/container/blob?…` */
export function parseRequest(method: string, target: string, headers: IncomingHttpHeaders): BlobRequest {
  const url = new URL(target, 'http://blob');
  const [account = '', container = '', ...rest] = url.pathname.slice(1).split('/').map(decode);
  const blob = rest.join('/');
  const query = url.searchParams;
  return {
    method,
    operation: operationOf(method, { container, blob, query }, headers),
    account,
    container,
    blob,
    query,
  };
}

interface Address {
  readonly container: string;
  readonly blob: string;
  readonly query: URLSearchParams;
}

function operationOf(
  method: string,
  { container, blob, query }: Address,
  headers: IncomingHttpHeaders,
): Operation {
  const component = query.get('comp') ?? '';
  if (component === 'batch') return 'Batch';
  if (blob !== '') return blobOperation(method, component, headers);
  if (container === '') return component === 'list' ? 'ListContainers' : 'Other';
  if (component === 'list') return 'ListBlobs';
  if (component !== '') return 'Other';
  const byMethod: Readonly<Record<string, Operation>> = {
    PUT: 'CreateContainer',
    DELETE: 'DeleteContainer',
    GET: 'GetContainerProperties',
    HEAD: 'GetContainerProperties',
  };
  return byMethod[method] ?? 'Other';
}

const putComponents: Readonly<Record<string, Operation>> = {
  block: 'PutBlock',
  blocklist: 'PutBlockList',
  appendblock: 'AppendBlock',
  page: 'PutPage',
  incrementalcopy: 'CopyBlob',
  metadata: 'SetBlobMetadata',
  properties: 'SetBlobProperties',
  tier: 'SetBlobTier',
  snapshot: 'SnapshotBlob',
  lease: 'LeaseBlob',
};

function blobOperation(method: string, component: string, headers: IncomingHttpHeaders): Operation {
  if (method === 'DELETE') return component === '' ? 'DeleteBlob' : 'Other';
  if (method === 'GET') return component === '' ? 'GetBlob' : 'Other';
  if (method === 'HEAD') return component === '' ? 'GetBlobProperties' : 'Other';
  if (method !== 'PUT') return 'Other';
  if (component !== '') return putComponents[component] ?? 'Other';
  const isCopy = headers['x-ms-copy-source'] !== undefined;
  if (headers['x-ms-blob-type'] === undefined) return isCopy ? 'CopyBlob' : 'Other';
  return isCopy ? 'PutBlobFromUrl' : 'PutBlob';
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
