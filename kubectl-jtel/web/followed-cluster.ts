/** Follows one cluster for the page: what the person may list there, with watches as controllers have them. */
import { backupKind, restoreKind, stackKind, storeKind } from '../../crds/index.ts';
import { CommandError } from '../../command-line/terminal.ts';
import { isForbidden } from '../../runtime/client/api-error.ts';
import { mayI } from '../../runtime/client/review.ts';
import { namespaces as namespaceKind } from '../../runtime/client/kinds.ts';
import { Informer } from '../../runtime/cache/informer.ts';
import { ObjectStore } from '../../runtime/cache/object-store.ts';
import type { Store } from '../../runtime/cache/store.ts';
import type { KubernetesObject, ObjectMeta } from '../../runtime/objects.ts';
import type { ResourceKind } from '../../runtime/kind.ts';
import type { Logger } from '../../runtime/report/logger.ts';
import type { Limit } from '../../web/protocol.ts';
import { absence, mayListKind } from '../../web/server/detail.ts';
import type { FleetSource } from '../../web/server/fleet.ts';
import type { ListedKind } from '../../web/server/viewer.ts';
import { optional } from '../../base/optional.ts';
import type { Kit } from '../kit.ts';

export interface FollowedCluster {
  readonly source: FleetSource;
  readonly limits: readonly Limit[];
  /** Follows it until the signal aborts; never throws. */
  run(signal: AbortSignal): Promise<void>;
}

type Scope = readonly string[] | 'All';

/** More namespaces than this are told as a number. */
const mostNamed = 10;

/** @throws CommandError if the person may list no stacks there; ApiError if the cluster does not answer. */
export async function followCluster(
  kit: Kit,
  context: string | undefined,
  wanted: 'All' | 'Namespace',
  changed: () => void,
): Promise<FollowedCluster> {
  const { stacks, ...others } = await scopesOf(kit, wanted);
  const scopes = { stacks, ...others };
  if (stacks.length === 0)
    throw new CommandError(
      `you may not list jtelstacks in ${wanted === 'All' ? 'any namespace' : `namespace ${kit.namespace}`} of ${kit.connection.server}`,
    );
  const trouble = new Map<string, string>();
  const logger = listener(trouble, changed);
  const informers: Pick<Informer<KubernetesObject>, 'run' | 'synced'>[] = [];
  let unsynced = 0;
  const storeOf = <T extends KubernetesObject & { readonly metadata: ObjectMeta }>(
    kind: ResourceKind<T>,
    scope: Scope,
  ): Store<T> => {
    if (scope.length === 0) return new ObjectStore<T>();
    const informer = new Informer<T>(kind, { connection: kit.connection, namespaces: scope, logger });
    informers.push(informer);
    unsynced += 1;
    informer.store.onChange(() => {
      if (trouble.delete(kind.kind)) changed();
    });
    return informer.store;
  };
  const source: FleetSource = {
    context,
    stacks: storeOf(stackKind, scopes.stacks),
    stores: storeOf(storeKind, scopes.stores),
    backups: storeOf(backupKind, scopes.backups),
    restores: storeOf(restoreKind, scopes.restores),
    reads: (namespace, what) => scopes[what] === 'All' || scopes[what].includes(namespace),
    about: () => ({
      name: context ?? kit.connection.server,
      namespaces: stacks,
      synced: unsynced === 0,
      ...optional({ trouble: [...trouble.values()][0] }),
    }),
  };
  return {
    source,
    limits: limitsOf(context, wanted, scopes),
    run: async (signal) => {
      await Promise.all(
        informers.map(async (informer) => {
          const listed = async (): Promise<void> => {
            await informer.synced(signal);
            unsynced -= 1;
            changed();
          };
          await Promise.all([informer.run(signal), listed().catch(() => undefined)]);
        }),
      );
    },
  };
}

type Scopes = Readonly<Record<ListedKind, Scope>>;

/** Where the person may list each kind. Whoever may not list in all namespaces may do so in some. */
async function scopesOf(kit: Kit, wanted: 'All' | 'Namespace'): Promise<Scopes> {
  let known: Promise<readonly string[]> | undefined;
  const namespaces = (): Promise<readonly string[]> => (known ??= allNamespaces(kit));
  const mayList = (what: ListedKind, namespace?: string): Promise<boolean> =>
    mayListKind(what, (resource) =>
      mayI(kit.connection, { verb: 'list', ...resource, ...optional({ namespace }) }, kit.call),
    );
  const scopeOf = async (what: ListedKind): Promise<Scope> => {
    if (wanted === 'All' && (await mayList(what))) return 'All';
    const candidates = wanted === 'All' ? await namespaces() : [kit.namespace];
    const allowed = await Promise.all(candidates.map((namespace) => mayList(what, namespace)));
    return candidates.filter((_, index) => allowed[index] === true);
  };
  const [stacks, stores, backups, restores] = await Promise.all([
    scopeOf('stacks'),
    scopeOf('stores'),
    scopeOf('backups'),
    scopeOf('restores'),
  ]);
  return { stacks, stores, backups, restores };
}

/** Those of the kubeconfig's context alone if the person may not list them. */
async function allNamespaces(kit: Kit): Promise<readonly string[]> {
  try {
    const all = await kit.cluster.list(namespaceKind, {}, kit.call);
    return all.flatMap(({ metadata }) => (metadata?.name === undefined ? [] : [metadata.name]));
  } catch (error) {
    if (isForbidden(error)) return [kit.namespace];
    throw error;
  }
}

function limitsOf(context: string | undefined, wanted: 'All' | 'Namespace', scopes: Scopes): Limit[] {
  const { stacks } = scopes;
  const ofKind = (what: ListedKind): Limit[] => {
    const scope = scopes[what];
    if (scope === 'All') return [];
    if (what === 'stacks')
      return wanted === 'All'
        ? [
            {
              what,
              message: `You may list jtelstacks in ${scope.length} of the namespaces; only those are shown.`,
            },
          ]
        : [];
    if (stacks === 'All') return [{ what, message: absence(what) }];
    const missing = stacks.filter((namespace) => !scope.includes(namespace));
    if (missing.length > mostNamed)
      return [{ what, message: `You may not list ${what} in ${missing.length} of the namespaces.` }];
    return missing.map((namespace) => ({ what, namespace, message: absence(what, namespace) }));
  };
  return (Object.keys(scopes) as ListedKind[])
    .flatMap(ofKind)
    .map((limit) => ({ ...limit, ...optional({ context }) }));
}

/** Hears from the watches whether what is shown may be old. */
function listener(trouble: Map<string, string>, changed: () => void): Logger {
  const logger: Logger = {
    error: () => undefined,
    warn: (message, fields) => {
      trouble.set(String(fields?.['kind']), describe(message, fields?.['error']));
      changed();
    },
    info: (_, fields) => {
      if (trouble.delete(String(fields?.['kind']))) changed();
    },
    debug: () => undefined,
    child: () => logger,
  };
  return logger;
}

const unauthorized = 401;

function describe(message: string, error: unknown): string {
  if (error instanceof Error && 'status' in error && error.status === unauthorized)
    return 'Your log-in has expired. Log in again as for kubectl; the page then continues by itself.';
  return error instanceof Error ? error.message : message;
}
