/** For the tests of this folder: a stack with a schedule, and an operator with a clock that the test moves. */
import {
  backupKind,
  stackKind,
  type JtelBackup,
  type JtelStack,
  type ResourceKind,
} from '../../crds/index.ts';
import { ApiError, isAlreadyExists } from '../../runtime/client/api-error.ts';
import type { CallOptions, ListQuery } from '../../runtime/client/cluster.ts';
import { cronJobs } from '../../runtime/client/kinds.ts';
import { MemoryCluster } from '../../runtime/fake/memory-cluster.ts';
import type { KubernetesObject, ObjectKey } from '../../runtime/objects.ts';
import { silentLogger } from '../../runtime/report/logger.ts';
import { Schedule } from '../times/schedule-times.ts';
import { ScheduleReconciler } from './reconcile.ts';
import { nightly } from '../times/testing.ts';

export const context = { signal: new AbortController().signal, logger: silentLogger };
export const key = { namespace: 'acme', name: 'main' };
export const pods = { image: 'registry.example/jtel/jtel-operator:1', serviceAccount: 'jtel-backup' };

export function aStack(
  backup: object | undefined = {},
  changes: object = {},
  status: object = { version: '3.43.2' },
): JtelStack {
  return {
    apiVersion: 'jtel.de/v1alpha1',
    kind: 'JtelStack',
    metadata: {
      namespace: 'acme',
      name: 'main',
      uid: 'stack-uid',
      generation: 1,
      resourceVersion: '1',
      creationTimestamp: '2025-12-01T00:00:00Z',
    },
    spec: {
      suspend: false,
      managementMode: 'Manage',
      powerState: 'Running',
      ...(backup === undefined
        ? {}
        : {
            backup: { ...nightly, historyLimit: 3, ...backup },
          }),
      ...changes,
    },
    status,
  } as object as JtelStack;
}

/** The stack was there before the times that the tests are about. */
class DatedCluster extends MemoryCluster {
  cronJobReads = 0;
  mayListCronJobs = true;
  /** Every question for a CronJob is refused. */
  mayTouchCronJobs = true;

  override list<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    query: ListQuery,
    options: CallOptions,
  ): Promise<readonly T[]> {
    if (kind.kind === cronJobs.kind) {
      this.cronJobReads += 1;
      if (!this.mayListCronJobs) return Promise.reject(new ApiError(403, 'Forbidden', 'no'));
    }
    return super.list(kind, query, options);
  }

  override async find<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    name: ObjectKey,
    options: CallOptions,
  ): Promise<T | undefined> {
    if (kind.kind === cronJobs.kind) {
      this.cronJobReads += 1;
      if (!this.mayTouchCronJobs) throw new ApiError(403, 'Forbidden', 'no');
    }
    const found = await super.find(kind, name, options);
    return found === undefined
      ? undefined
      : { ...found, metadata: { ...found.metadata, creationTimestamp: '2025-12-01T00:00:00Z' } };
  }
}

/** An operator with a cluster of its own and a clock that the test moves. */
export class Bench {
  readonly cluster = new DatedCluster();
  readonly #created = new Map<string, string>();
  #backups: readonly JtelBackup[] = [];
  now = new Date('2026-06-01T10:00:00Z');

  static async with(stack: JtelStack): Promise<Bench> {
    const bench = new Bench();
    await bench.cluster.create(stackKind, stack, context);
    await bench.setStatus(stack.status ?? {});
    return bench;
  }

  setStatus(status: NonNullable<JtelStack['status']>): Promise<unknown> {
    return this.cluster.applyStatus(stackKind, key, status, {}, context);
  }

  async change(spec: object): Promise<void> {
    const stack = await this.cluster.get(stackKind, key, context);
    await this.cluster.replace(stackKind, { ...stack, spec: { ...stack.spec, ...spec } }, context);
  }

  async look(withPods = true): Promise<number> {
    this.#backups = await this.backups();
    return (await this.process(withPods).reconcile(key, context))?.requeueAfterSeconds ?? 0;
  }

  process(withPods: boolean): ScheduleReconciler {
    return new ScheduleReconciler({
      cluster: this.cluster,
      pods: withPods ? pods : undefined,
      namespaces: 'All',
      backupsOf: () => this.#backups,
      restoresOf: () => [],
      clock: () => this.now,
      random: () => 0.5,
    });
  }

  /** With the times of the bench's clock. */
  async backups(): Promise<readonly JtelBackup[]> {
    const found = await this.cluster.list(backupKind, {}, context);
    return found.map((backup) => {
      const { uid } = backup.metadata;
      const creationTimestamp = this.#created.get(uid) ?? this.now.toISOString();
      this.#created.set(uid, creationTimestamp);
      return { ...backup, metadata: { ...backup.metadata, creationTimestamp } };
    });
  }

  /** As the pod of the CronJob does. */
  async fire(): Promise<void> {
    const name = `main-${new Schedule('0 2 * * *', 'Europe/Berlin').nearest(this.now)?.name}`;
    const backup = {
      metadata: { namespace: 'acme', name },
      spec: { stackRef: { name: 'main' }, trigger: 'Scheduled', verify: 'Checksum' },
    };
    await this.cluster.create(backupKind, backup as object as JtelBackup, context).catch((error: unknown) => {
      if (!isAlreadyExists(error)) throw error;
    });
  }

  cronJob() {
    return this.cluster.find(cronJobs, { namespace: 'acme', name: 'main-backup' }, context);
  }
}
