/**
 * Runs the operator's look and plan in this process, with a person's rights, on a cluster and host that
 * refuse every change.
 */
import {
  BackupSource,
  describe,
  describeAction,
  describeCause,
  type Look,
  lookAt,
  type LookDependencies,
  plan,
  withWorkload,
} from '../../controllers/stack/index.ts';
import { CredentialStore } from '../../controllers/inputs/credentials.ts';
import { InputError } from '../../controllers/inputs/input-error.ts';
import { told } from '../../controllers/inputs/outcome.ts';
import { projectName } from '../../controllers/hosts/project.ts';
import { readOnlyCluster, readOnlyDriver } from '../../controllers/hosts/read-only.ts';
import { readRelease, renderStack, statedReleases } from '../../controllers/inputs/stack-release.ts';
import { openStore } from '../../controllers/stores/store-access.ts';
import { BlobError } from '../../blob-store/blob-store.ts';
import { restoreKind, type JtelStack } from '../../crds/index.ts';
import { createHostDriver } from '../../host-driver/connect.ts';
import type { Kit } from '../kit.ts';
import { serviceChanges } from './changes.ts';
import type { Forecast } from './forecast.ts';
import { optional } from '../../base/optional.ts';

/** Never called: planning starts no job. */
const noToolbox = { repository: 'none', tag: 'none', digest: 'sha256:none' };

type PlanDependencies = LookDependencies & { readonly clusterID: string };

export async function foresee(kit: Kit, stack: JtelStack): Promise<Forecast> {
  const cluster = readOnlyCluster(kit.cluster);
  const driver = readOnlyDriver(createHostDriver());
  try {
    const now = kit.surroundings.now();
    const project = projectName(stack.metadata.namespace, stack.metadata.name);
    const dependencies: PlanDependencies = {
      cluster,
      driver,
      releases: await statedReleases(cluster, stack, kit.call),
      credentials: new CredentialStore(cluster),
      openStore,
      backups: new BackupSource(),
      restoresOf: async ({ metadata }, options) =>
        (await cluster.list(restoreKind, { namespace: metadata.namespace }, options)).filter(
          ({ spec }) => spec.stackRef.name === metadata.name,
        ),
      toolbox: noToolbox,
      clusterID: await cluster.clusterID(kit.call),
    };
    const look = await lookAt(stack, { project, depth: 'full', now }, dependencies, kit.call);
    return await toForecast(kit, stack, project, look, dependencies, now);
  } finally {
    await driver.close();
  }
}

async function toForecast(
  kit: Kit,
  stack: JtelStack,
  project: string,
  { held, observed }: Look,
  dependencies: PlanDependencies,
  now: Date,
): Promise<Forecast> {
  const host = observed.host.ok ? observed.host.value : undefined;
  // Sees the host as the operator that holds it. So claiming is not a step of the plan.
  const isHeld = host?.state?.owner.uid === stack.metadata.uid;
  const identity = {
    clusterID: dependencies.clusterID,
    ...(isHeld && host?.state !== undefined ? { heldEpoch: host.state.epoch } : {}),
  };
  const planned = plan({ ...held, observed, identity, now });
  const applied = host?.state?.applied;
  const wanted = held.desired?.release;
  const before =
    applied === undefined || wanted === undefined || applied.digest === wanted.digest
      ? undefined
      : await appliedCompose(kit, stack, project, observed, applied.digest, dependencies);
  const differs = wanted !== undefined && applied?.digest !== wanted.digest;
  const paused = stack.spec.suspend
    ? 'Suspended'
    : stack.spec.managementMode === 'Observe'
      ? 'Observing'
      : undefined;
  return {
    stack: `${stack.metadata.namespace}/${stack.metadata.name}`,
    kind: planned.kind,
    step: planned.step,
    ...('facts' in planned ? { message: describe(planned.facts) } : {}),
    ...('reason' in planned ? { reason: planned.reason } : {}),
    actions: [
      ...(planned.record === undefined ? [] : [planned.record]),
      ...(planned.kind === 'Act' ? planned.wave : []),
    ].map((action) => ({
      type: action.type,
      description: describeAction(action),
      cause: describeCause(action.cause),
    })),
    ...optional({ paused }),
    ...(held.objection === undefined
      ? {}
      : { objection: { reason: held.objection.reason, message: describe(held.objection.facts) } }),
    obstacles:
      planned.kind === 'Blocked'
        ? []
        : [...held.findings, ...(observed.initialData?.ok === false ? [told(observed.initialData)] : [])].map(
            ({ reason, facts }) => ({ reason, message: describe(facts) }),
          ),
    ...(applied === undefined ? {} : { runs: { version: applied.version, time: applied.time } }),
    wants: { version: held.stack.spec.version },
    changes: !differs
      ? []
      : before === undefined && applied !== undefined
        ? 'Unknown'
        : serviceChanges(before, wanted.composeYaml),
    setUp: held.desired !== undefined && host?.state?.setupDigest !== held.desired.setupDigest,
  };
}

/**
 * Renders the running compose file again from the spec it was made from; undefined if it cannot be proven to
 * be the same.
 */
async function appliedCompose(
  kit: Kit,
  stack: JtelStack,
  project: string,
  observed: Look['observed'],
  digest: string,
  dependencies: LookDependencies,
): Promise<string | undefined> {
  for (const revision of (observed.revisions?.all ?? []).toReversed()) {
    const former = withWorkload(stack, revision);
    try {
      const volumes = observed.host.ok ? observed.host.value.state?.volumes : undefined;
      const { loaded } = await readRelease(former, dependencies, kit.call);
      const result = await renderStack(former, project, loaded, dependencies, kit.call, { volumes });
      if ('rendered' in result && result.rendered.digest === digest) return result.rendered.composeYaml;
    } catch (error) {
      // A release or secret of that time may be gone.
      if (!(error instanceof InputError || error instanceof BlobError)) throw error;
    }
  }
  return undefined;
}
