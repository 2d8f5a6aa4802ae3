/**
 * Looks at everything that planning needs – Secrets, release, host – in parallel, bounded in time, without a side effect.
 * What cannot be read becomes an outcome with a reason, never an exception: a stack whose store is away is still shown with
 * its host.
 */

import type { JtelStack } from '../../crds/index.ts';
import { type Host, type HostDriver, type HostObservation, type ImageReference, type JobReport, type JobSpec, type RegistryCredentials } from '../../host-driver/host.ts';
import { setupDigest } from '../../host-driver/bootstrap/digest.ts';
import type { CallOptions } from '../../operator/runtime/client/cluster.ts';
import { preflight, updateAllowed } from '../../release/fitness.ts';
import type { Release } from '../../release/generated/release.ts';
import { readHostTarget } from '../host-target.ts';
import { hostSetup } from './host-setup.ts';
import type { DataDependencies } from './data-source.ts';
import { loadJob } from './load-job.ts';
import type { Finding, Observed, Outcome, ReleaseFacts } from './model.ts';
import { readRelease, renderStack, type ReleaseDependencies, type StackRelease } from '../stack-release.ts';
import { jobToRead, observeData, observeOrders, type DataLook, type Orders, type RestoreDependencies } from './observe-data.ts';
import { outcome } from './outcome.ts';

export interface ObserveDependencies extends ReleaseDependencies, DataDependencies, RestoreDependencies {
  readonly driver: HostDriver;
  readonly toolbox: ImageReference;
}

/** Inputs that only executors need: they hold secrets, so the planner never sees them. */
export interface Inputs {
  readonly pullCredentials: RegistryCredentials | undefined;
  readonly toolbox: ImageReference;
  /** `Check`: one that only looks. */
  readonly loadJob: (purpose: 'Check' | 'Restore') => Promise<JobSpec>;
}

export interface Gathered {
  readonly observed: Observed;
  readonly inputs?: Inputs;
  readonly host?: Host;
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
  const data =
    release.ok && hostValue !== undefined
      ? await observeData(stack, orders, hostValue.state, release.value.loaded.release, dependencies, options)
      : undefined;
  const rendering = release.ok ? await outcome(() => render(stack, project, release.value, data, dependencies, options)) : undefined;
  const rendered = rendering?.ok === true ? rendering.value : undefined;
  const observed: Observed = {
    secrets: rendering === undefined || rendering.ok ? host.target : rendering,
    release: release.ok ? { ok: true, value: releaseFacts(release.value.loaded.release) } : release,
    ...(rendered?.desired === undefined ? {} : { desired: rendered.desired }),
    ...(rendered?.missing === undefined ? {} : { missingCredentials: rendered.missing }),
    host: host.observation,
    findings: hostValue === undefined || !release.ok ? [] : findingsOf(release.value.loaded.release, stack, hostValue),
    ...(host.load === undefined ? {} : { load: host.load }),
    ...data?.observed,
  };
  return {
    observed,
    ...(rendered?.inputs === undefined ? {} : { inputs: rendered.inputs }),
    ...(host.host === undefined ? {} : { host: host.host }),
  };
}

interface HostLook {
  readonly target: Outcome<unknown>;
  readonly observation: Outcome<HostObservation>;
  readonly load?: JobReport;
  readonly host?: Host;
}

async function observeHost(
  stack: JtelStack,
  project: string,
  depth: 'quick' | 'full',
  orders: Orders,
  { cluster, driver }: ObserveDependencies,
  options: CallOptions,
): Promise<HostLook> {
  const target = await outcome(() => readHostTarget(cluster, stack, options));
  if (!target.ok) return { target, observation: { ok: false, reason: 'NotChecked', message: target.message } };
  const host = driver.host(target.value);
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(hostTimeoutSeconds * 1000)]);
  const observation = await outcome(() => host.observe(project, depth, signal));
  const uid = jobToRead(stack, orders, observation.ok ? observation.value.state : undefined);
  if (!observation.ok || !observation.value.jobs.some((job) => job.uid === uid)) return { target, observation, host };
  const load = await outcome(() => host.readJob(uid, signal));
  if (!load.ok) return { target, observation: load, host };
  return { target, observation, host, ...(load.value === undefined ? {} : { load: load.value }) };
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
  dependencies: ObserveDependencies,
  options: CallOptions,
): Promise<Rendering> {
  const { release } = loaded;
  const { toolbox } = dependencies;
  const result = await renderStack(stack, project, loaded, dependencies, options);
  if ('missing' in result) return { missing: result.missing };
  const setup = hostSetup(stack, release);
  return {
    desired: { release: result.rendered, setup, setupDigest: setupDigest(setup) },
    inputs: {
      pullCredentials: result.pullCredentials,
      toolbox,
      loadJob: (purpose) =>
        loadJob({ release, store, project, toolbox, rootPassword: result.rootPassword, purpose, stackUID: stack.metadata.uid, orderUID: data?.observed.order?.requestUID, loading: data?.loading }),
    },
  };
}

function releaseFacts(release: Release): ReleaseFacts {
  return {
    version: release.version,
    databaseServices: [release.database.component],
    updateFrom: (version) => updateAllowed(version, release),
  };
}

const supportedDebian = 12;

function findingsOf(release: Release, stack: JtelStack, { facts }: HostObservation): readonly Finding[] {
  const findings: Finding[] = preflight(release, stack.spec.size, facts).map(({ message }) => ({
    reason: 'HostTooSmall',
    message: `${stack.spec.host.address}: ${message}.`,
  }));
  if (stack.spec.host.bootstrap === 'Managed' && !(facts.osID === 'debian' && Number.parseInt(facts.osVersion, 10) >= supportedDebian)) {
    findings.push({
      reason: 'UnsupportedOS',
      message: `${stack.spec.host.address} runs ${facts.osName}; a Managed host needs Debian ${supportedDebian} or later (or set spec.host.bootstrap to Preinstalled).`,
    });
  }
  return findings;
}
