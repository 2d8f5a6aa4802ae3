/**
 * Lets in whom the cluster knows, and shows what that user may list. The operator reads with its own rights and
 * asks about the user's (SubjectAccessReview); it never acts as somebody else.
 */
import { optional } from '../../base/optional.ts';
import type { KubeConnection } from '../../runtime/client/connection.ts';
import { mayUser, userOfToken, type KnownUser } from '../../runtime/client/review.ts';
import type { Limit, SignIn } from '../../web/protocol.ts';
import { absence, mayListKind } from '../../web/server/detail.ts';
import type { DetailKind, Gate, ListedKind, Viewer } from '../../web/server/viewer.ts';
import { Cached } from './cached.ts';
import { KnownTokens } from './known-tokens.ts';
import { digestOf, tokenOf, userOfProxy, withoutProxy, withoutToken, type ProxyHeaders } from './identity.ts';

/** What the gate asks the API server; tests answer it themselves. */
export interface Reviews {
  /** Undefined if the token is not valid. */
  userOfToken(token: string, signal: AbortSignal): Promise<KnownUser | undefined>;
  /** @param namespace absent: in all */
  mayList(
    user: KnownUser,
    what: ListedKind | DetailKind,
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<boolean>;
}

export function reviewsOf(connection: KubeConnection): Reviews {
  return {
    userOfToken: (token, signal) => userOfToken(connection, token, { signal }),
    mayList: (user, what, namespace, signal) =>
      mayListKind(what, (resource) =>
        mayUser(connection, user, { verb: 'list', ...resource, ...optional({ namespace }) }, { signal }),
      ),
  };
}

export interface ClusterGateOptions {
  readonly reviews: Reviews;
  /** Absent: people sign in with tokens. */
  readonly proxy?: ProxyHeaders | undefined;
  /** Those that are looked at, or if that is all: those with stacks or stores. */
  readonly namespaces: () => Iterable<string>;
  /** In milliseconds. */
  readonly now: () => number;
}

const kinds: readonly ListedKind[] = ['stacks', 'stores', 'backups', 'restores'];
const mostUsers = 1_000;
const mostAnswers = 50_000;

export function clusterGate(options: ClusterGateOptions): Gate {
  const { reviews, proxy, now } = options;
  const viewers = new Cached<Viewer>(mostUsers, now);
  const answers = new Cached<boolean>(mostAnswers, now);
  // Several requests may wait for one answer, so none of them ends it.
  const never = new AbortController().signal;
  const tokens = new KnownTokens((token) => reviews.userOfToken(token, never), now);

  const knownBy = async (token: string): Promise<KnownUser | undefined> => {
    const user = await tokens.userOf(token);
    return user === undefined || user.groups.length === 0 ? undefined : user;
  };
  const viewerOf = async (user: KnownUser): Promise<Viewer> => {
    const id = digestOf(JSON.stringify(user)).toString('hex');
    const mayList: MayList = (what, namespace) => reviews.mayList(user, what, namespace, never);
    // What a viewer sees is kept as a whole; kept answers within it would be twice as old.
    const mayRead: MayList = (what, namespace) =>
      answers.get(`${id} ${what} ${namespace ?? ''}`, () => mayList(what, namespace));
    return await viewers.get(id, () => viewer(user, id, { mayList, mayRead }, options.namespaces()));
  };

  return {
    canSignOut: proxy === undefined,
    admit: async ({ headers }) => {
      if (proxy !== undefined) {
        const named = userOfProxy(headers, proxy);
        return named === undefined ? withoutProxy : await viewerOf(named);
      }
      const token = tokenOf(headers);
      const user = token === undefined ? undefined : await knownBy(token);
      return user === undefined ? withoutToken : await viewerOf(user);
    },
    signIn: async (token): Promise<SignIn | { readonly cookie: string }> => {
      if (proxy !== undefined) return withoutProxy;
      return (await knownBy(token)) === undefined
        ? { ...withoutToken, message: 'The cluster does not know this token, or it has expired.' }
        : { cookie: token };
    },
  };
}

type MayList = (what: ListedKind | DetailKind, namespace: string | undefined) => Promise<boolean>;

/** Asks first about all namespaces, then about each. */
async function viewer(
  user: KnownUser,
  id: string,
  { mayList, mayRead }: { readonly mayList: MayList; readonly mayRead: MayList },
  namespaces: Iterable<string>,
): Promise<Viewer> {
  const everywhere = new Set<ListedKind>();
  const allowed = new Set<string>();
  const named = [...new Set(namespaces)];
  await Promise.all(
    kinds.map(async (what) => {
      if (await mayList(what, undefined)) return void everywhere.add(what);
      await Promise.all(
        named.map(async (namespace) => {
          if (await mayList(what, namespace)) allowed.add(`${what} ${namespace}`);
        }),
      );
    }),
  );
  const rights = digestOf(JSON.stringify([id, [...everywhere].toSorted(), [...allowed].toSorted()]));
  return {
    user: user.username,
    rights: rights.toString('hex').slice(0, 16),
    // Which namespaces there are besides is not told.
    limits: kinds
      .filter((what) => !everywhere.has(what))
      .map((what): Limit => ({ what, message: `${absence(what)} Only those that you may read are shown.` })),
    sees: (namespace, what) => everywhere.has(what) || allowed.has(`${what} ${namespace}`),
    mayRead: (namespace, what) => mayRead(what, namespace),
  };
}
