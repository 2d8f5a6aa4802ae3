/**
 * Follows objects of the cluster for as long as somebody looks: with a watch, as controllers have one, and a
 * clock for ages.
 */
import type { ResourceKind } from '../runtime/kind.ts';
import { Informer } from '../runtime/cache/informer.ts';
import type { KubernetesObject, ObjectKey } from '../runtime/objects.ts';
import type { Logger } from '../runtime/report/logger.ts';
import type { Kit } from './kit.ts';
import { optional } from '../base/optional.ts';

export interface Look<T> {
  readonly objects: readonly T[];
  /** Why the view may be old: the API does not answer at the moment. */
  readonly trouble?: string;
  /** Why `look` is called again: a change, or a second that passed. */
  readonly cause: 'Change' | 'Clock';
}

/**
 * Looks at all objects of a kind now and whenever one changes, until `look` returns something.
 * @param scope a namespace, or all
 */
export async function follow<T extends KubernetesObject, R>(
  kit: Kit,
  kind: ResourceKind<T>,
  scope: string | 'All',
  look: (seen: Look<T>) => R | undefined,
): Promise<R> {
  const end = new AbortController();
  const signal = AbortSignal.any([kit.call.signal, end.signal]);
  let trouble: string | undefined;
  const logger: Logger = {
    error: () => undefined,
    warn: (message, fields) =>
      (trouble = fields?.['error'] instanceof Error ? fields['error'].message : message),
    info: () => (trouble = undefined),
    debug: () => undefined,
    child: () => logger,
  };
  // A first request with its own error. The informer would try again without end.
  await kit.cluster.list(kind, scope === 'All' ? {} : { namespace: scope }, kit.call);
  const informer = new Informer<T>(kind, {
    connection: kit.connection,
    namespaces: scope === 'All' ? 'All' : [scope],
    logger,
  });
  const running = informer.run(signal);
  try {
    await informer.synced(signal);
    return await new Promise<R>((resolve, reject) => {
      const again = (cause: Look<T>['cause']): void => {
        try {
          const result = look({
            objects: informer.store.list(),
            cause,
            ...optional({ trouble }),
          });
          if (result !== undefined) resolve(result);
        } catch (error) {
          reject(error);
        }
      };
      informer.store.onChange(() => again('Change'));
      const clock = setInterval(() => again('Clock'), 1000);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      end.signal.addEventListener('abort', () => clearInterval(clock), { once: true });
      again('Change');
    });
  } finally {
    end.abort(new Error('looked long enough'));
    await running;
  }
}

/** The object of that name among those seen. */
export function named<T extends KubernetesObject>(objects: readonly T[], key: ObjectKey): T | undefined {
  return objects.find(
    ({ metadata }) => metadata?.name === key.name && (metadata.namespace ?? '') === key.namespace,
  );
}
