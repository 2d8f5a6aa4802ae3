/** Lists in pages, so neither side holds thousands of objects as one text. Pages of large objects have fewer. */
import type { ResourceKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';
import { ApiError, isGone } from './api-error.ts';
import { apiVersionOf } from './kinds.ts';
import type { CallOptions, ListQuery } from './cluster.ts';
import type { KubeConnection } from './connection.ts';
import { collectionPath } from './paths.ts';
import { callApi, tooLarge, type CallObserver } from './transport.ts';

export interface Listing<T> {
  readonly items: readonly T[];
  /** The version of the list; a watch continues from here. */
  readonly resourceVersion: string;
}

interface ListBody<T> {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly T[] | null;
}

const PAGE_SIZE = 500;

/**
 * All objects as the server has them now (a consistent read, not its cache). If the first version expires
 * between two pages, it starts over, once.
 */
export async function listPages<T extends KubernetesObject>(
  connection: KubeConnection,
  kind: ResourceKind<T>,
  query: ListQuery,
  options: CallOptions & { readonly pageSize?: number },
  observe?: CallObserver,
): Promise<Listing<T>> {
  try {
    return await readPages(connection, kind, query, options, observe);
  } catch (error) {
    if (!isGone(error)) throw error;
    return readPages(connection, kind, query, options, observe);
  }
}

async function readPages<T extends KubernetesObject>(
  connection: KubeConnection,
  kind: ResourceKind<T>,
  query: ListQuery,
  options: CallOptions & { readonly pageSize?: number },
  observe?: CallObserver,
): Promise<Listing<T>> {
  const items: T[] = [];
  let next: string | undefined;
  let limit = options.pageSize ?? PAGE_SIZE;
  for (;;) {
    const reading = callApi(
      connection,
      {
        method: 'GET',
        path: collectionPath(kind, query.namespace),
        query: {
          labelSelector: query.labelSelector,
          fieldSelector: query.fieldSelector,
          limit,
          continue: next,
        },
        purpose: `list ${kind.plural}`,
      },
      options,
      observe,
    );
    const page = (await reading.catch((error: unknown) => {
      // One that is too large by itself is told.
      if (!(error instanceof ApiError && error.reason === tooLarge && limit > 1)) throw error;
      limit = Math.ceil(limit / 8);
      return undefined;
    })) as ListBody<T> | undefined;
    if (page === undefined) continue;
    // The server omits these two in items of built-in kinds.
    for (const item of page.items ?? [])
      items.push({ ...item, apiVersion: apiVersionOf(kind), kind: kind.kind });
    next = page.metadata?.continue;
    if (next === undefined || next === '')
      return { items, resourceVersion: page.metadata?.resourceVersion ?? '' };
  }
}
