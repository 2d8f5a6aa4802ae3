/**
 * Looks at everything that planning needs – Secrets, release, host – in parallel, bounded in time, without a side effect.
 * What cannot be read becomes an outcome with a reason, never an exception: a stack whose store is away is still shown with
 * its host.
 */

import type { JtelStack } from '../../../crds/index.ts';
import {
  type Host,
  type HostDriver,
  type HostObservation,
  type ImageReference,
  type JobReport,
  type JobSpec,
} from '../../../host-driver/host.ts';
import type { RegistryLogin } from '../../../host-driver/registry-login.ts';
import { setupDigest } from '../../../host-driver/bootstrap/digest.ts';
import type { SwitchedVolumes } from '../../../host-driver/volumes.ts';
import type { CallOptions } from '../../../runtime/client/cluster.ts';
import { secretTarget } from '../../../release/components.ts';
import { preflight, updateAllowed } from '../../../release/fitness.ts';
import type { Release } from '../../../release/generated/release.ts';
import { keysMount } from '../../loading/database-access.ts';
import { credentialsName } from '../../inputs/credentials.ts';
import { readHostTarget } from '../../hosts/host-target.ts';
import { hostRemarks } from './host-remarks.ts';
import { recognise } from '../../hosts/machine.ts';
import { hostSetup } from '../desired/host-setup.ts';
import type { DataDependencies } from './data-source.ts';
import { loadJob } from '../act/load-job.ts';
import type { Observed, ReleaseFacts } from '../model.ts';
import { readProxyCredentials } from '../../inputs/render-inputs.ts';
import { countJob } from '../../loading/count-job.ts';
import { preparingImage } from '../../loading/restore-job.ts';
import { countJobUID } from '../../loading/restore-orders.ts';
import {
  readRelease,
  renderBeside,
  renderStack,
  type ReleaseDependencies,
  type RenderedStack,
  type StackRelease,
} from '../../inputs/stack-release.ts';
import { observeBeside } from './beside.ts';
import {
  jobToRead,
  observeData,
  observeMove,
  observeOrders,
  type DataLook,
  type Orders,
  type RestoreDependencies,
} from './data.ts';
import { observeLoss } from './loss.ts';
import { observeOthers, type RelocationObserved } from './relocation.ts';
import { outcome, type Outcome, type Problem } from '../../inputs/outcome.ts';
import { optional } from '../../../base/optional.ts';

export interface ObserveDependencies extends ReleaseDependencies, DataDependencies, RestoreDependencies {
  readonly driver: HostDriver;
  readonly toolbox: ImageReference;
  /** Default: the machine's. */
  readonly clock?: () => Date;
}

/** Inputs that only executors need: they hold secrets, so the planner never sees them. */
export interface Inputs {
  readonly pullCredentials: readonly RegistryLogin[];
  readonly toolbox: ImageReference;
  /** Of the backup that is to be loaded: prepares its database. */
  readonly preparing: ImageReference | undefined;
  /** `Check`: one that only looks. */
  readonly loadJob: (
    purpose: 'Check' | 'Restore',
    volumes: SwitchedVolumes | undefined,
    signal: AbortSignal,
  ) => Promise<JobSpec>;
  /** The release whose database is started beside the stack. */
  readonly renderBeside: (
    signal: AbortSignal,
  ) => Promise<{ readonly release: Release; readonly rendered: RenderedStack }>;
  readonly countJob: (signal: AbortSignal) => Promise<JobSpec>;
}

export interface Gathered {
  readonly observed: Observed;
  readonly inputs?: Inputs;
  readonly host?: Host;
  /** Former hosts and the one that the stack is moved away from, by machine-id. */
  readonly others: ReadonlyMap<string, Host>;
}

/** One look at a host must not hold a worker for longer. */
const hostTimeoutSeconds = 30;

export async function observe(
  stack: JtelStack,
  project: string,
  depth: 'quick' | 'full',
  dependencies: ObserveDependencies,
  options: CallOptions,
): Promise<Gathered> {
  const orders = await observeOrders(stack, dependencies, options);
  const [host, release] = await Promise.all([
    observeHost(stack, project, depth, orders, dependencies, options),
    outcome(() => readRelease(stack, dependencies, options)),
  ]);
  const hostValue = host.observation.ok ? host.observation.value : undefined;
  const { relocation } = host.others.observed;
  const loaded = release.ok ? release.value.loaded.release : undefined;
  const data =
    loaded === undefined || hostValue === undefined
      ? undefined
      : relocation === undefined
        ? await observeData(stack, project, orders, hostValue.state, loaded, dependencies, options)
        : await observeMove(stack, relocation, hostValue.state, loaded, dependencies, options);
  const beside =
    host.host === undefined || hostValue === undefined
      ? undefined
      : await observeBeside(host.host, hostValue, data, options.signal);
  const rendering = release.ok
    ? await outcome(() =>
        render(stack, project, release.value, data, hostValue?.state?.volumes, dependencies, options),
      )
    : undefined;
  const rendered = rendering?.ok === true ? rendering.value : undefined;
  const wanted = rendered?.desired?.release;
  const loss =
    hostValue === undefined || wanted === undefined || relocation !== undefined
      ? undefined
      : await observeLoss(stack, hostValue, wanted, dependencies, options);
  const observed: Observed = {
    secrets: rendering === undefined || rendering.ok ? host.target : rendering,
    release: release.ok ? { ok: true, value: releaseFacts(release.value.loaded.release, stack) } : release,
    ...(rendered?.desired === undefined ? {} : { desired: rendered.desired }),
    ...(rendered?.missing === undefined ? {} : { missingCredentials: rendered.missing }),
    host: host.observation,
    ...(hostValue === undefined ? {} : { remarks: hostRemarks(stack, hostValue.facts) }),
    findings:
      hostValue === undefined || !release.ok
        ? []
        : findingsOf(release.value.loaded.release, stack, hostValue),
    ...optional({ loss, load: host.load }),
    ...data?.observed,
    ...optional({ beside }),
    ...host.others.observed,
  };
  return {
    observed,
    ...(rendered?.inputs === undefined ? {} : { inputs: rendered.inputs }),
    ...optional({ host: host.host }),
    others: host.others.others,
  };
}

interface HostLook {
  readonly target: Outcome<unknown>;
  readonly observation: Outcome<HostObservation>;
  readonly load?: JobReport;
  readonly host?: Host;
  readonly others: RelocationObserved;
}

async function observeHost(
  stack: JtelStack,
  project: string,
  depth: 'quick' | 'full',
  orders: Orders,
  dependencies: ObserveDependencies,
  options: CallOptions,
): Promise<HostLook> {
  const { cluster, driver, clock = () => new Date() } = dependencies;
  const target = await outcome(() => readHostTarget(cluster, stack, options));
  if (!target.ok)
    return {
      target,
      observation: { ok: false, reason: 'NotChecked', message: target.message },
      others: { observed: {}, others: new Map() },
    };
  const host = driver.host(target.value);
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(hostTimeoutSeconds * 1000)]);
  const observation = await outcome(async () =>
    recognise(stack, stack.spec.host, await host.observe(project, depth, signal)),
  );
  const machineID = observation.ok ? observation.value.facts.machineID : undefined;
  const others = await observeOthers(stack, project, machineID, clock(), dependencies, options);
  const uid = jobToRead(
    stack,
    orders,
    observation.ok ? observation.value : undefined,
    others.observed.relocation?.id,
  );
  if (!observation.ok || !observation.value.jobs.some((job) => job.uid === uid))
    return { target, observation, host, others };
  const load = await outcome(() => host.readJob(uid, signal));
  if (!load.ok) return { target, observation: load, host, others };
  return { target, observation, host, others, ...optional({ load: load.value }) };
}

interface Rendering {
  readonly desired?: Observed['desired'];
  readonly missing?: Observed['missingCredentials'];
  readonly inputs?: Inputs;
}

async function render(
  stack: JtelStack,
  project: string,
  { loaded, store }: StackRelease,
  data: DataLook | undefined,
  volumes: SwitchedVolumes | undefined,
  dependencies: ObserveDependencies,
  options: CallOptions,
): Promise<Rendering> {
  const { release } = loaded;
  const { toolbox } = dependencies;
  const result = await renderStack(stack, project, loaded, dependencies, options, volumes);
  if ('missing' in result) return { missing: result.missing };
  const setup = hostSetup(stack, release, await readProxyCredentials(dependencies.cluster, stack, options));
  return {
    desired: {
      release: result.rendered,
      setup,
      setupDigest: setupDigest(setup),
      ...optional({ selfSignedUntil: result.selfSignedUntil }),
    },
    inputs: {
      pullCredentials: result.pullCredentials,
      toolbox,
      preparing:
        data?.loading?.backup === undefined
          ? undefined
          : preparingImage(release, data.loading.backup.loaded.manifest),
      ...besideInputs(stack, project, release, result, data, dependencies),
      loadJob: (purpose, target, signal) =>
        loadJob({
          release,
          store,
          project,
          volumes: target ?? volumes,
          databaseProject: target === undefined ? undefined : data?.observed.order?.beside?.project,
          toolbox,
          rootPassword: result.rootPassword,
          databaseFiles: result.databaseFiles,
          purpose,
          stackUID: stack.metadata.uid,
          orderUID: data?.observed.order?.requestUID,
          loading: data?.loading,
          signal,
        }),
    },
  };
}

function besideInputs(
  stack: JtelStack,
  project: string,
  release: Release,
  { rootPassword, databaseFiles }: RenderedStack,
  data: DataLook | undefined,
  dependencies: ObserveDependencies,
): Pick<Inputs, 'renderBeside' | 'countJob'> {
  const order = data?.observed.order;
  const place = order?.beside;
  const manifest = data?.loading?.backup?.loaded.manifest;
  return {
    renderBeside: async (signal) => {
      if (place === undefined) throw new Error('no place beside the stack was looked for');
      return await renderBeside(stack, release.version, place.project, place.volumes, dependencies, {
        signal,
      });
    },
    countJob: async () => {
      if (place === undefined || order === undefined || manifest === undefined)
        throw new Error('a count was planned, and nothing was loaded');
      const { toolbox } = dependencies;
      return countJob({
        uid: countJobUID(order.requestUID),
        project,
        volumes: place.volumes,
        databaseProject: place.project,
        release,
        manifest,
        rootPassword,
        databaseFiles,
        toolbox,
      });
    },
  };
}

function releaseFacts(release: Release, stack: JtelStack): ReleaseFacts {
  const { component, series } = release.database;
  const keys = keysMount(release);
  return {
    version: release.version,
    databaseServices: [component],
    ...optional({ series }),
    ...(keys === undefined
      ? {}
      : {
          keys: {
            secretName: credentialsName(stack.metadata.name),
            entry: keys.name,
            path: secretTarget(keys),
          },
        }),
    updateFrom: (version) => updateAllowed(version, release),
  };
}

const supportedDebian = 12;

function findingsOf(release: Release, stack: JtelStack, { facts }: HostObservation): readonly Problem[] {
  const findings: Problem[] = preflight(release, stack.spec.size, facts).map(({ message }) => ({
    reason: 'HostTooSmall',
    message: `${stack.spec.host.address}: ${message}.`,
  }));
  if (
    stack.spec.host.bootstrap === 'Managed' &&
    !(facts.osID === 'debian' && Number.parseInt(facts.osVersion, 10) >= supportedDebian)
  ) {
    findings.push({
      reason: 'UnsupportedOS',
      message: `${stack.spec.host.address} runs ${facts.osName}; a Managed host needs Debian ${supportedDebian} or later (or set spec.host.bootstrap to Preinstalled).`,
    });
  }
  return findings;
}
