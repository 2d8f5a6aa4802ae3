/**
 * Tells of every effect on a host, and refuses those that may not begin. All controllers change hosts through a `HostDriver`, so this is the one
 * place where none can be forgotten: a new method of `Host` has to be named here as an effect or as a read.
 */
import { HostError, type Fence, type Host, type HostDriver, type HostTarget } from './host.ts';
import { optional } from '../base/optional.ts';

/** Calls that change nothing. */
type Reading = 'observe' | 'readJob' | 'measureVolumes' | 'logs' | 'events';

/** One effect on a host: first that it began, then how it ended. */
export interface HostEffect {
  /** Method of `Host`. */
  readonly action: Exclude<keyof Host, Reading>;
  /** Address of the host, as the stack names it. */
  readonly host: string;
  /** Absent for images, which belong to no project. */
  readonly project?: string;
  readonly fence?: Fence;
  /** What it was about: a release, services, a job. */
  readonly about?: readonly string[];
  readonly outcome: 'Begun' | 'Done' | 'Failed' | 'Aborted';
  /** Of a failure. */
  readonly reason?: string;
  /** From its begin to its end. */
  readonly seconds?: number;
}

type Subject = Pick<HostEffect, 'project' | 'fence' | 'about'>;

/**
 * @param record must neither throw nor wait.
 * @param begin is asked before each effect; what it throws refuses it.
 */
export function auditedDriver(
  driver: HostDriver,
  record: (effect: HostEffect) => void,
  begin: (action: HostEffect['action']) => void = () => undefined,
): HostDriver {
  return {
    host: (target) => auditedHost(driver.host(target), target, record, begin),
    closeIdle: (idleSeconds) => driver.closeIdle(idleSeconds),
    close: () => driver.close(),
  };
}

function auditedHost(
  host: Host,
  { address }: HostTarget,
  record: (effect: HostEffect) => void,
  begin: (action: HostEffect['action']) => void,
): Host {
  const effect =
    <A extends readonly unknown[], R>(
      action: HostEffect['action'],
      call: (...args: A) => Promise<R>,
      subjectOf: (...args: A) => Subject,
    ) =>
    async (...args: A): Promise<R> => {
      begin(action);
      const what = { action, host: address, ...subjectOf(...args) };
      record({ ...what, outcome: 'Begun' });
      const start = performance.now();
      const end = (outcome: HostEffect['outcome'], reason?: string): void =>
        record({ ...what, outcome, ...optional({ reason }), seconds: (performance.now() - start) / 1000 });
      try {
        const result = await call(...args);
        end('Done');
        return result;
      } catch (error) {
        const signal = args.find((one) => one instanceof AbortSignal);
        if (signal?.aborted === true) end('Aborted');
        else end('Failed', error instanceof HostError ? error.reason : nameOf(error));
        throw error;
      }
    };
  return {
    observe: host.observe.bind(host),
    readJob: host.readJob.bind(host),
    measureVolumes: host.measureVolumes.bind(host),
    logs: host.logs.bind(host),
    events: host.events.bind(host),
    claim: effect('claim', host.claim.bind(host), (project, fence) => ({ project, fence })),
    readDeployed: effect('readDeployed', host.readDeployed.bind(host), (project, fence) => ({
      project,
      fence,
    })),
    setUp: effect('setUp', host.setUp.bind(host), (project, { mode }, fence) => ({
      project,
      fence,
      about: [mode],
    })),
    writeRelease: effect(
      'writeRelease',
      host.writeRelease.bind(host),
      (project, { version, digest }, fence) => ({ project, fence, about: [version, digest] }),
    ),
    pull: effect('pull', host.pull.bind(host), (images) => ({
      about: images.map(({ repository, digest }) => `${repository}@${digest}`),
    })),
    composeUp: effect(
      'composeUp',
      host.composeUp.bind(host),
      (project, { version, digest }, services, fence) => ({
        project,
        fence,
        about: [version, digest, ...(services === 'all' ? [] : services)],
      }),
    ),
    composeStop: effect('composeStop', host.composeStop.bind(host), (project, fence) => ({
      project,
      fence,
    })),
    destroy: effect('destroy', host.destroy.bind(host), (project, fence) => ({ project, fence })),
    record: effect('record', host.record.bind(host), (project, change, fence) => ({
      project,
      fence,
      about: Object.keys(change),
    })),
    markMoved: effect('markMoved', host.markMoved.bind(host), (project, to, fence) => ({
      project,
      fence,
      about: [to?.address ?? 'here'],
    })),
    prune: effect('prune', host.prune.bind(host), (project, _keep, fence) => ({ project, fence })),
    createVolumes: effect('createVolumes', host.createVolumes.bind(host), (project, names, fence) => ({
      project,
      fence,
      about: names,
    })),
    pruneVolumes: effect('pruneVolumes', host.pruneVolumes.bind(host), (project, fence) => ({
      project,
      fence,
    })),
    startJob: effect('startJob', host.startJob.bind(host), (project, { type, uid }, fence) => ({
      project,
      fence,
      about: [type, uid],
    })),
    removeJob: effect('removeJob', host.removeJob.bind(host), (uid, fence) => ({ fence, about: [uid] })),
    keepLogs: effect('keepLogs', host.keepLogs.bind(host), (project, name, services, fence) => ({
      project,
      fence,
      about: [name, ...services],
    })),
  };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'Error';
}
