/** `kubectl jtel web` serves the page on this machine, with the caller's own rights, until Ctrl-C. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import manifest from '../../package.json' with { type: 'json' };
import { Semaphore } from '../../base/semaphore.ts';
import { CommandError, UsageError } from '../../command-line/terminal.ts';
import { whoAmI } from '../../runtime/client/review.ts';
import { contentSecurityPolicy, pageFiles } from '../../web/page/files.ts';
import type { Plan } from '../../web/protocol.ts';
import { readDetail } from '../../web/server/detail.ts';
import { Fleet } from '../../web/server/fleet.ts';
import { PageServer, type StackKey } from '../../web/server/page-server.ts';
import type { Viewer } from '../../web/server/viewer.ts';
import { optional } from '../../base/optional.ts';
import { startBrowser } from '../browser.ts';
import { withKit, type Kit } from '../kit.ts';
import type { GlobalOptions } from '../options.ts';
import type { Surroundings } from '../surroundings.ts';
import { plain } from '../view/paint.ts';
import { followCluster, type FollowedCluster } from './followed-cluster.ts';
import { linkGate, type LinkGate } from './link-gate.ts';

export interface WebOptions {
  readonly allNamespaces?: boolean;
  readonly port?: number;
  /** False with --no-open. */
  readonly open: boolean;
}

const address = '127.0.0.1';
/** Cookies do not tell ports apart, so two pages on one machine need two names. */
const cookieName = (port: number): string => `jtel-web-${port}`;
const gatherMilliseconds = 250;
/** A plan reads the release, the store and the host. */
const plansAtOnce = 2;

export async function web(
  surroundings: Surroundings,
  contexts: readonly string[],
  options: GlobalOptions & WebOptions,
): Promise<void> {
  if (contexts.length > 0 && options.context !== undefined)
    throw new UsageError('name the contexts as arguments, or one with --context');
  if (new Set(contexts).size < contexts.length) throw new UsageError('a context is named twice');
  const named = contexts.length > 0 ? contexts : [options.context];
  await withEach(named, surroundings, options, (kits) => serve(kits, surroundings, options));
}

interface NamedKit {
  readonly kit: Kit;
  /** Absent: the current one. */
  readonly context: string | undefined;
}

/** Connections to all contexts, which end with the work. */
async function withEach(
  [context, ...others]: readonly (string | undefined)[],
  surroundings: Surroundings,
  options: GlobalOptions,
  work: (kits: readonly NamedKit[]) => Promise<void>,
): Promise<void> {
  await withKit({ ...options, ...optional({ context }) }, surroundings, async (kit) => {
    const kits = [{ kit, context }];
    if (others.length === 0) return await work(kits);
    await withEach(others, surroundings, options, (more) => work([...kits, ...more]));
  });
}

async function serve(
  kits: readonly NamedKit[],
  surroundings: Surroundings,
  options: WebOptions,
): Promise<void> {
  const [first] = kits;
  if (first === undefined) return;
  const { signal } = first.kit.call;
  let changed = (): void => undefined;
  const scope = options.allNamespaces === true ? 'All' : 'Namespace';
  const clusters = await Promise.all(
    kits.map(({ kit, context }) =>
      followCluster(kit, kits.length === 1 ? undefined : context, scope, () => changed()),
    ),
  );
  const user = await whoAmI(first.kit.connection, first.kit.call);
  const fleet = new Fleet(
    clusters.map(({ source }) => source),
    { gatherMilliseconds, now: surroundings.now },
  );
  changed = () => fleet.aboutMayHaveChanged();
  const gate: LinkGate = linkGate(everything(user, clusters), () => cookieName(server.port));
  const server = await listen(kits, clusters, fleet, gate, surroundings, options);
  const stop = new AbortController();
  const following = clusters.map((cluster) => cluster.run(stop.signal));
  const link = new Link(`http://${address}:${server.port}/#token=${gate.token}`, surroundings);
  try {
    await link.show(options.open);
    await aborted(signal);
  } finally {
    await link.remove();
    await server.close();
    fleet.close();
    stop.abort();
    await Promise.all(following);
  }
  // Ctrl-C is the normal end; the end of --timeout is not.
  if (!surroundings.signal.aborted) signal.throwIfAborted();
}

/** The cluster itself decided what is in the caches. */
function everything(user: string | undefined, clusters: readonly FollowedCluster[]): Viewer {
  return {
    ...optional({ user }),
    rights: 'own',
    limits: clusters.flatMap(({ limits }) => limits),
    sees: () => true,
    mayRead: () => Promise.resolve(true),
  };
}

async function listen(
  kits: readonly NamedKit[],
  clusters: readonly FollowedCluster[],
  fleet: Fleet,
  gate: LinkGate,
  { now, note }: Surroundings,
  { port = 0 }: WebOptions,
): Promise<PageServer> {
  const placeOf = ({ context }: StackKey): (NamedKit & FollowedCluster) | undefined => {
    const index = clusters.findIndex(({ source }) => (source.context ?? '') === context);
    const [named, cluster] = [kits[index], clusters[index]];
    return named === undefined || cluster === undefined ? undefined : { ...named, ...cluster };
  };
  const plans = new Semaphore(plansAtOnce);
  try {
    return await PageServer.listen({
      port,
      address,
      names: [],
      files: await pageFiles(),
      contentSecurityPolicy,
      gate,
      // Browsers do not all keep a secure cookie of http, not even of this machine.
      cookie: { name: cookieName, isSecure: false },
      fleet,
      program: { version: manifest.version, servedBy: 'Plugin' },
      farewell: '`kubectl jtel web` has ended. Run it again for a new page.',
      failed: (error) => note(`the page: ${error instanceof Error ? error.message : String(error)}`),
      detail: async (viewer, key, signal) => {
        const place = placeOf(key);
        if (place === undefined) return undefined;
        const { kit, source, context } = place;
        const where = { fleet, source, cluster: kit.cluster, commandContext: context };
        return await readDetail(where, viewer, key, now(), signal);
      },
      plan: async (_, key, signal) => {
        const place = placeOf(key);
        const stack = place?.source.stacks.get(key);
        if (place === undefined || stack === undefined) return undefined;
        return await plans.run(signal, () => planOf({ ...place.kit, call: { signal } }, stack));
      },
    });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
      throw new CommandError(`port ${port} is in use`, { cause: error });
    throw error;
  }
}

/** As `kubectl jtel plan` has it; why there is none is told in its place. */
async function planOf(
  kit: Kit,
  stack: Parameters<typeof import('../plan/foresee.ts').foresee>[1],
): Promise<Plan> {
  const [{ foresee }, { planView }] = await Promise.all([
    import('../plan/foresee.ts'),
    import('../plan/view.ts'),
  ]);
  try {
    const forecast = await foresee(kit, stack);
    return { kind: forecast.kind, lines: planView(forecast, { paint: plain, now: kit.surroundings.now() }) };
  } catch (error) {
    kit.call.signal.throwIfAborted();
    if (!(error instanceof Error)) throw error;
    return { kind: 'Blocked', lines: [`There is no plan: ${error.message}`] };
  }
}

/**
 * The address of the page with its token. Programs' arguments are no secrets, so the browser gets the path of
 * a file that only this user can read, and that leads there.
 */
class Link {
  readonly #url: string;
  readonly #surroundings: Surroundings;
  #directory: string | undefined;

  constructor(url: string, surroundings: Surroundings) {
    this.#url = url;
    this.#surroundings = surroundings;
  }

  async show(opens: boolean): Promise<void> {
    const { print, note, screen } = this.#surroundings;
    print(this.#url);
    note('Ctrl-C ends it');
    if (!opens || screen === undefined) return;
    this.#directory = await mkdtemp(join(tmpdir(), 'jtel-web-'));
    const file = join(this.#directory, 'open.html');
    await writeFile(file, `<!doctype html><meta http-equiv="refresh" content="0;url=${this.#url}">\n`, {
      mode: 0o600,
    });
    // Without a browser, the address above is enough.
    await startBrowser(pathToFileURL(file).href).then(
      // A browser in a sandbox of its own (snap, Flatpak) may not read the file.
      () => note('if the browser shows nothing, open the address above'),
      () => note('no browser could be started'),
    );
  }

  async remove(): Promise<void> {
    if (this.#directory !== undefined) await rm(this.#directory, { recursive: true, force: true });
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
