/** The stages of a stack that has its data and its release: nothing drifted, everything is healthy, nothing old lies about. */

import { findUnhealthy, isDone } from '../../../hosts/health.ts';
import type { HostObservation, ObservedContainer } from '../../../../host-driver/host.ts';
import { loadProjectOf } from '../../../../host-driver/volumes.ts';
import type { Action } from '../../actions.ts';
import type { Drift } from '../../findings.ts';
import type { Desired, Observed, Verdict, PlanInput } from '../../model.ts';
import { outdatedRevisions, type Revisions } from '../../desired/revisions.ts';
import { act, preparations } from './act.ts';

/**
 * What differs from what was read back after the last successful apply.
 * @param tasks services that run once: one that has ended was not stopped by anybody
 */
export function findDrift(host: HostObservation, tasks: readonly string[] = []): readonly Drift[] {
  const applied = host.state?.applied;
  if (applied === undefined) return [];
  const drift: Drift[] = [];
  for (const service of applied.services) {
    const container = host.containers.find((candidate) => candidate.service === service.service);
    if (container === undefined) drift.push({ service: service.service, is: 'Gone' });
    else if (isStopped(container) && !isDone(container, tasks))
      drift.push({ service: service.service, is: 'Stopped', state: container.state });
    else if (container.imageID !== service.imageID)
      drift.push({ service: service.service, is: 'OtherImage' });
    // A compose upgrade changes every hash without anybody having touched anything: that is not drift.
    else if (
      container.configHash !== service.configHash &&
      applied.composeVersion === host.facts.composeVersion
    ) {
      drift.push({ service: service.service, is: 'Configured' });
    }
  }
  for (const container of host.containers) {
    if (!applied.services.some((service) => service.service === container.service))
      drift.push({ service: container.service, is: 'Foreign' });
  }
  return drift;
}

/** What people changed on the host itself. Only a full look tells. */
export function findHostDrift({ changed = [] }: HostObservation): readonly Drift[] {
  return changed.map((what) => ({ is: 'HostChanged', what }));
}

/** What the set-up puts right; the rest is the release's. */
const bySetUp = new Set(['firewall', 'docker-rules']);

function isStopped(container: ObservedContainer): boolean {
  return (
    container.state === 'exited' ||
    container.state === 'dead' ||
    container.state === 'created' ||
    container.state === 'paused'
  );
}

export function driftStage(input: PlanInput): Verdict | undefined {
  const { stack, desired, observed } = input;
  // What a failed change left behind is no drift: it is taken back whatever the policy.
  // Nor is what a restore stopped that somebody deleted in that moment.
  const order = stack.status?.dataOrder;
  const stoppedForRestore =
    observed.order === undefined && order?.stopTime !== undefined && order.downtimeSeconds === undefined;
  const wanted =
    stack.spec.drift === 'Correct' ||
    stoppedForRestore ||
    observed.revisions?.current.outcome?.result === 'RollingBack';
  if (!observed.host.ok || desired === undefined || !wanted) return undefined;
  const { changed = [] } = observed.host.value;
  if (changed.length > 0) {
    const files: readonly Action[] = changed.some((what) => !bySetUp.has(what))
      ? [{ type: 'WriteRelease', cause: 'Drifted' }]
      : [];
    const firewall: readonly Action[] = changed.some((what) => bySetUp.has(what))
      ? [{ type: 'SetUpHost', cause: 'Drifted' }]
      : [];
    return act(input, 'Repair', [...firewall, ...files], {
      is: 'CorrectingDrift',
      drift: findHostDrift(observed.host.value),
    });
  }
  const drift = findDrift(observed.host.value, desired.release.tasks);
  if (drift.length === 0) return undefined;
  return act(
    input,
    'Repair',
    [
      ...preparations(observed.host.value, desired.release),
      { type: 'ApplyRelease', cause: 'Drifted' },
      { type: 'RecordApplied', cause: 'Drifted' },
    ],
    { is: 'CorrectingDrift', drift },
  );
}

/** How far the data are brought to the release, in the words of the service that does it. */
export function updateProgress(
  { host }: Pick<Observed, 'host'>,
  desired: Desired | undefined,
): { readonly message: string; readonly progressPercent?: number } | undefined {
  const updater = desired?.release.updater;
  if (updater === undefined || !host.ok) return undefined;
  const said = host.value.containers.find(
    ({ service, image }) => service === updater.service && image === updater.image,
  )?.healthMessage;
  const [, done, total] = /(\d+) of (\d+)/.exec(said ?? '') ?? [];
  if (said === undefined || total === undefined || Number(total) === 0) return undefined;
  return { message: said, progressPercent: Math.min(100, Math.floor((100 * Number(done)) / Number(total))) };
}

export function healthStage({ stack, desired, observed }: PlanInput): Verdict | undefined {
  if (!observed.host.ok || desired === undefined) return undefined;
  const { services, tasks } = desired.release;
  const unhealthy = findUnhealthy(observed.host.value, services, tasks);
  if (unhealthy.length === 0) return undefined;
  const progress = updateProgress(observed, desired);
  if (progress !== undefined)
    return {
      kind: 'Wait',
      step: 'Health',
      reason: 'UpdatingDatabase',
      facts: { is: 'UpdatingDatabase', message: progress.message },
      afterSeconds: 2,
    };
  const broke = stack.status?.phase === 'Ready' || stack.status?.phase === 'Degraded';
  return {
    kind: 'Wait',
    step: 'Health',
    reason: broke ? 'ComponentsUnhealthy' : 'WaitingForHealth',
    facts: { is: 'WaitingForHealth', unwell: unhealthy },
    afterSeconds: 5,
  };
}

/** A self-signed certificate is replaced so long before its end. */
const renewalDays = 30;

/** What runs, and what ran before the last change: the files and images for the way back. */
function keptReleases(wanted: string, revisions: Revisions | undefined): readonly string[] {
  const former = (revisions?.all ?? [])
    .toReversed()
    .flatMap(({ outcome }) =>
      outcome?.result === 'Succeeded' && outcome.digest !== undefined ? [outcome.digest] : [],
    );
  const previous = former.find((digest) => digest !== wanted);
  return previous === undefined ? [wanted] : [wanted, previous];
}

/** What restores leave behind: data from before whose time is over, and volumes that were loaded and never switched to. */
function dataCleanUp({ state, volumes }: HostObservation, now: Date): readonly Action[] {
  if (state === undefined) return [];
  const { previous, volumes: switched } = state;
  if (previous !== undefined && Date.parse(previous.untilTime) <= now.getTime())
    return [
      { type: 'ForgetPrevious', cause: 'PreviousOutdated' },
      { type: 'PruneVolumes', cause: 'PreviousOutdated' },
    ];
  const kept = new Set([...Object.values(switched ?? {}), ...Object.values(previous?.volumes ?? {})]);
  const first = new Set(Object.values(switched ?? {}).map((name) => name.replace(/\.[a-z0-9]+$/, '')));
  const needless = volumes.filter(
    (name) => !kept.has(name) && (first.has(name) || /_[a-z0-9-]+\.[a-z0-9]+$/.test(name)),
  );
  const measure =
    previous === undefined || previous.measured === true
      ? []
      : [
          {
            type: 'MeasurePrevious',
            volumes: Object.values(previous.volumes),
            cause: 'PreviousNotMeasured',
          } as const,
        ];
  // The database of a load that was given up may still run on them.
  const projects = new Set(needless.flatMap((name) => loadProjectOf(name) ?? []));
  const prune: readonly Action[] =
    needless.length === 0
      ? []
      : [
          ...[...projects].map(
            (project) => ({ type: 'RemoveBeside', project, cause: 'VolumesLeft' }) as const,
          ),
          { type: 'PruneVolumes', cause: 'VolumesLeft' },
        ];
  return [...measure, ...prune];
}

/** Only once everything is well: finished jobs go, and releases and revisions that nobody would go back to. */
export function cleanUpStage(input: PlanInput): Verdict | undefined {
  const { stack, desired, observed, now } = input;
  if (!observed.host.ok || desired === undefined) return undefined;
  const host = observed.host.value;
  const wave: Action[] = [];
  // The data are loaded, so whatever loaded or checked them has done its work.
  for (const { uid, type } of host.jobs)
    if (type === 'load' || type === 'restore' || type === 'count' || type === 'import')
      wave.push({ type: 'RemoveJob', uid, cause: 'JobLeft' });
  wave.push(...dataCleanUp(host, now));
  const keep = keptReleases(desired.release.digest, observed.revisions);
  if (host.releases.length > Math.max(2, keep.length))
    wave.push({ type: 'PruneReleases', keep, cause: 'ReleasesLeft' });
  const { certificate } = desired;
  if (
    wave.length === 0 &&
    certificate?.isSelfSigned === true &&
    certificate.notAfter.getTime() - now.getTime() < renewalDays * 86_400_000
  ) {
    // The next look finds another certificate and recreates who has it.
    return {
      kind: 'Act',
      step: 'CleanUp',
      wave: [
        {
          type: 'EnsureCredentials',
          generate: [],
          selfSigned: true,
          renew: true,
          cause: 'CertificateEnds',
        },
      ],
      facts: { is: 'RenewingCertificate' },
    };
  }
  const outdated =
    observed.revisions === undefined
      ? []
      : outdatedRevisions(observed.revisions, stack.spec.revisionHistoryLimit);
  if (wave.length > 0) return act(input, 'CleanUp', wave, { is: 'CleaningUp' });
  return outdated.length === 0
    ? undefined
    : {
        kind: 'Act',
        step: 'CleanUp',
        wave: [{ type: 'RemoveRevisions', names: outdated, cause: 'RevisionsLeft' }],
        facts: { is: 'CleaningUp' },
      };
}
