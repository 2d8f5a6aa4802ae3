/**
 * The questions of the simulation: some are asked with every effect, the others when all has come to rest.
 */
import { parse } from 'yaml';
import { checkJobUID, restoreJobUID, standingOrders } from '../../../controllers/loading/restore-orders.ts';
import { loadBackup, requireComplete } from '../../../controllers/stores/backup-catalog.ts';
import { noConsent } from '../../../controllers/stores/trust.ts';
import { storeKind } from '../../../crds/index.ts';
import { events, secrets } from '../../../runtime/client/kinds.ts';
import type { FakeMachine, FakeProject } from '../../../host-driver/fake/machine.ts';
import { trusting } from '../../support/signing.ts';
import type { World } from '../../support/world/world.ts';
import type { LoggedLine } from '../../support/recording-logger.ts';
import type { Operator } from './operator.ts';
import type { Call } from './ports.ts';
import type { User } from './users.ts';

const never = new AbortController().signal;

/** Looks at the hosts after each effect. */
export class Watch {
  readonly #world: World;
  readonly #users: readonly User[];
  readonly #violated: (sentence: string) => void;
  /** Names of volumes and running services, by address and project. */
  #seen = new Map<string, { readonly volumes: readonly string[]; readonly running: readonly string[] }>();
  /** When a leader began, by its term. */
  readonly #terms = new Map<number, number>();

  constructor(world: World, users: readonly User[], violated: (sentence: string) => void) {
    this.#world = world;
    this.#users = users;
    this.#violated = violated;
  }

  leads({ term = 0 }: Operator, seconds: number): void {
    this.#terms.set(term, seconds);
  }

  /** @param sentSeconds when the operator sent it */
  effect(call: Call, operator: Operator, sentSeconds: number): void {
    for (const [term, began] of this.#terms)
      if (term > (operator.term ?? 0) && began < sentSeconds)
        this.#violated(
          `double writer: ${operator.name} sent ${call.method} to ${call.what} after term ${term} began`,
        );
    const before = this.#seen;
    this.#seen = this.#look();
    for (const [where, { volumes, running }] of before) {
      const user = this.#users.find(({ story }) => where.endsWith(`jtel-acme-${story.name}`));
      const now = this.#seen.get(where);
      const lost = volumes.filter((name) => now?.volumes.includes(name) !== true);
      if (lost.length > 0) this.#lost(call, where, lost, now !== undefined, user);
      const stopped = running.filter((service) => now?.running.includes(service) !== true);
      if (stopped.length > 0 && user?.mayStop !== true)
        this.#violated(`${call.method} stopped ${stopped.join(', ')} in ${where}, and nobody asked for that`);
    }
  }

  #lost(call: Call, where: string, lost: readonly string[], isThere: boolean, user: User | undefined): void {
    const [address = '', project = ''] = where.split(' ');
    const what = `${call.method} removed ${lost.join(', ')} on ${address}`;
    if (!isThere && user?.deleted !== 'Destroy') this.#violated(`${what}, and nobody consented`);
    const used = isThere ? volumesInUse(this.#world.driver.machines.get(address)?.projects.get(project)) : [];
    const needed = lost.filter((name) => used.includes(name));
    if (needed.length > 0) this.#violated(`${what}, which containers use`);
  }

  #look(): Map<string, { readonly volumes: readonly string[]; readonly running: readonly string[] }> {
    const seen = new Map<string, { volumes: readonly string[]; running: readonly string[] }>();
    for (const [address, { projects }] of this.#world.driver.machines)
      for (const [project, { volumes, containers }] of projects)
        seen.set(`${address} ${project}`, { volumes: [...volumes.keys()], running: runningIn(containers) });
    return seen;
  }
}

/** Containers by their ids, so that one that was replaced counts as stopped. */
function runningIn(containers: FakeProject['containers']): readonly string[] {
  return [...containers.values()]
    .filter(({ state }) => state === 'running')
    .map(({ service, id }) => `${service} ${id.slice(-4)}`);
}

function volumesInUse(project: FakeProject | undefined): readonly string[] {
  const release = project?.releases.get(project.current ?? '');
  if (release === undefined) return [];
  const model = parse(release.composeYaml) as {
    readonly volumes?: Readonly<Record<string, { name?: string } | null>>;
  };
  return Object.entries(model.volumes ?? {}).map(([key, volume]) => volume?.name ?? key);
}

/** What is not right when all has come to rest. */
export async function atRest(
  world: World,
  users: readonly User[],
  log: readonly LoggedLine[],
): Promise<string[]> {
  const wrong: string[] = [];
  for (const user of users) wrong.push(...endOf(world, user), ...(await restorable(world, user)));
  for (const machine of world.driver.machines.values()) wrong.push(...orphansOn(machine, users));
  wrong.push(...(await shownSecrets(world, users, log)));
  return wrong;
}

function endOf(world: World, user: User): readonly string[] {
  const { story, stack } = user;
  const project = `jtel-acme-${story.name}`;
  if (stack === undefined) return goneOf(world, user, project);
  const { spec } = stack;
  const wrong: string[] = [];
  // With a version that its data cannot reach it is not moved, either.
  const refusedAt = user.isRefused() ? stack.status?.dataHost?.host.address : undefined;
  const at = refusedAt ?? spec.host.address;
  const here = world.driver.machines.get(at)?.projects.get(project);
  const containers = [...(here?.containers.values() ?? [])];
  const running = containers.filter(({ state }) => state === 'running');
  if (spec.powerState === 'Stopped' && running.length > 0) wrong.push(`${story.name} is stopped, and runs`);
  if (spec.powerState !== 'Stopped') {
    if (running.length < containers.length || running.length === 0)
      wrong.push(`${story.name}: ${running.length} of ${containers.length} containers run on ${at}`);
    const wanted = spec.components?.find(({ name }) => name === 'acd-web')?.replicas ?? 2;
    const web = running.filter(({ service }) => service.startsWith('acd-web')).length;
    if (web !== wanted && !user.isRolledBack() && !user.isRefused())
      wrong.push(`${story.name}: ${web} web servers run, not ${wanted}`);
  }
  const version = here?.state?.applied?.version;
  // One that is stopped is updated when it runs again.
  const keeps =
    spec.powerState === 'Stopped' ||
    user.isRefused() ||
    (spec.version === story.broken && user.isRolledBack());
  if (version !== spec.version && !keeps)
    wrong.push(`${story.name} is of version ${version}, not ${spec.version}`);
  for (const [address, { projects }] of world.driver.machines) {
    if (address === at) continue;
    const there = runningIn(projects.get(project)?.containers ?? new Map());
    // A move that waits for the stack to run again goes on with a backup of the database.
    const waits = spec.powerState === 'Stopped' && there.every((one) => one.startsWith('acd-dbm '));
    if (there.length > 0 && !waits) wrong.push(`${story.name} runs on ${address} as well`);
  }
  return wrong;
}

function goneOf(world: World, { story, deleted }: User, project: string): readonly string[] {
  const wrong: string[] = [];
  if (deleted === undefined) wrong.push(`${story.name} is gone, and nobody deleted it`);
  for (const [address, { projects }] of world.driver.machines) {
    const there = projects.get(project);
    if (there === undefined) continue;
    const runs = runningIn(there.containers).length > 0;
    if (deleted === 'Destroy' && there.state?.moved === undefined)
      wrong.push(`${story.name} was destroyed, and lies on ${address}`);
    if (deleted === 'Stop' && runs) wrong.push(`${story.name} was stopped for good, and runs on ${address}`);
  }
  return wrong;
}

/** Every backup that is told Completed can be read whole, and every other end has a reason. */
async function restorable(world: World, user: User): Promise<readonly string[]> {
  const wrong: string[] = [];
  const store = await world.cluster.get(
    storeKind,
    { namespace: 'acme', name: 'customer' },
    { signal: never },
  );
  for (const { metadata, status } of user.backups) {
    if (status?.phase === 'Pending' && user.stack?.spec.powerState === 'Stopped') continue;
    if (status?.phase !== 'Completed') {
      if (status?.phase !== 'Failed' || (status.message ?? '') === '')
        wrong.push(`${metadata.name}: ${status?.phase}`);
      continue;
    }
    const keys = (store.status?.signingKeys ?? []).map(({ publicKey }) => publicKey);
    const catalog = trusting(world.customer, { keys });
    try {
      const loaded = await loadBackup(
        catalog,
        status.identity ?? '',
        status.backupID ?? '',
        noConsent,
        never,
      );
      await requireComplete(world.customer, loaded, never);
    } catch (error) {
      wrong.push(`${metadata.name} is told Completed, and cannot be restored: ${String(error)}`);
    }
  }
  return wrong;
}

function orphansOn({ address, jobs, projects }: FakeMachine, users: readonly User[]): readonly string[] {
  const known = new Set(users.map(({ story }) => `jtel-acme-${story.name}`));
  // A first load is gone on with when the stack is to run again.
  const stopped = users.some(
    ({ stack }) => stack?.spec.powerState === 'Stopped' && stack.status?.dataHost === undefined,
  );
  // So is a restore that was ordered: by the check before it, or by what it loaded.
  const ordered = new Set(
    users
      .filter(({ stack }) => stack?.spec.powerState === 'Stopped')
      .flatMap(({ restores }) => standingOrders(restores))
      .flatMap(({ metadata: { uid } }) => [checkJobUID(uid), restoreJobUID(uid)]),
  );
  return [
    ...[...jobs.values()]
      .filter(({ spec }) => !ordered.has(spec.uid) && (spec.type !== 'load' || !stopped))
      .map(({ spec }) => `an orphan job ${spec.type} on ${address}`),
    ...[...projects.keys()]
      .filter((name) => !known.has(name))
      .map((name) => `an orphan ${name} on ${address}`),
  ];
}

async function shownSecrets(
  world: World,
  users: readonly User[],
  log: readonly LoggedLine[],
): Promise<string[]> {
  const all = await world.cluster.list(secrets, {}, { signal: never });
  const values = all.flatMap(({ data }) =>
    Object.values(data ?? {}).map((value) => Buffer.from(value, 'base64').toString()),
  );
  const hidden = values.filter((value) => value.length >= 12);
  const shown = [
    ...users.flatMap(({ stack, backups, restores }) =>
      [stack, ...backups, ...restores].map((one) => JSON.stringify(one?.status ?? {})),
    ),
    ...(await world.cluster.list(events, {}, { signal: never })).map((one) => JSON.stringify(one)),
    ...log.map(({ message, fields }) => `${message} ${Object.values(fields).map(String).join(' ')}`),
  ].join('\n');
  return hidden.filter((value) => shown.includes(value)).map(() => 'status, events or log show a secret');
}
