/**
 * One process of the operator in a simulated run: it elects a leader by the real Lease, hears of objects late,
 * and runs the real controllers. It ends by itself, or by being killed.
 */
import type { OpenStore } from '../../../controllers/stores/store-access.ts';
import { ReleaseSource } from '../../../controllers/inputs/release-source.ts';
import { backupKind, restoreKind, stackKind, storeKind } from '../../../crds/index.ts';
import { runControllers } from '../../../operator/controllers.ts';
import { ObjectStore } from '../../../runtime/cache/object-store.ts';
import type { Versions } from '../../../runtime/cache/object-versions.ts';
import { secrets } from '../../../runtime/client/kinds.ts';
import { LeaderElector, type Leadership } from '../../../runtime/control/leader-elector.ts';
import type { ResourceKind } from '../../../runtime/kind.ts';
import type { KubernetesObject } from '../../../runtime/objects.ts';
import { EventRecorder } from '../../../runtime/report/event-recorder.ts';
import { SecretRegistry } from '../../../runtime/report/secret-registry.ts';
import { RecordingLogger, type LoggedLine } from '../../support/recording-logger.ts';
import { toolboxImage, type World } from '../../support/world/world.ts';
import { clusterThrough, driverThrough, storeThrough, type Call, type Fate, type Line } from './ports.ts';
import { Life, type VirtualTime } from './virtual-time.ts';

export interface Surroundings {
  readonly world: World;
  readonly time: VirtualTime;
  readonly fate: (call: Call, operator: Operator) => Fate;
  readonly arrived: (call: Call, operator: Operator, outcome: string, sentSeconds: number) => void;
  /** Seconds until a change is heard of. */
  readonly feedSeconds: () => number;
  /** Is told when it leads, and when it has ended. */
  readonly leads: (operator: Operator) => void;
  readonly ended: (operator: Operator, why: unknown) => void;
  readonly log: LoggedLine[];
}

export const resyncSeconds = 120;
/** Four times what it usually takes: most of a run would be renewals. */
const leaseTimes = { leaseDurationSeconds: 60, renewDeadlineSeconds: 40, retryPeriodSeconds: 8 };

export class Operator {
  readonly life: Life;
  /** Grows with each leader; undefined while it does not lead. */
  term: number | undefined;
  readonly #around: Surroundings;
  readonly #stop = new AbortController();
  readonly #unfollow: (() => void)[] = [];

  constructor(name: string, around: Surroundings) {
    this.life = new Life(name);
    this.#around = around;
    around.time.as(this.life, () => {
      void this.#run().then(
        () => this.#end('it was told to'),
        (error: unknown) => this.#end(error),
      );
    });
  }

  get name(): string {
    return this.life.name;
  }

  kill(): void {
    this.#around.time.end(this.life);
    for (const stop of this.#unfollow) stop();
  }

  /** As SIGTERM: it finishes and gives the Lease back. */
  terminate(): void {
    this.#around.time.as(this.life, () => this.#stop.abort(new Error('SIGTERM')));
  }

  #end(why: unknown): void {
    if (this.life.isDead) return;
    this.kill();
    this.#around.ended(this, why);
  }

  async #run(): Promise<void> {
    const { world, time, log, fate, arrived } = this.#around;
    const line: Line = {
      life: this.life,
      time,
      latest: new Map(),
      fate: (call) => fate(call, this),
      arrived: (call, ...how) => arrived(call, this, ...how),
    };
    const logger = new RecordingLogger(log, { process: this.name });
    const open = clusterThrough(line, world.cluster);
    const caches = {
      stacks: this.#followed(stackKind),
      stores: this.#followed(storeKind),
      backups: this.#followed(backupKind),
      restores: this.#followed(restoreKind),
    };
    const elector = new LeaderElector({
      cluster: open,
      lease: { namespace: 'jtel-system', name: 'jtel-operator' },
      identity: this.name,
      logger,
      ...leaseTimes,
    });
    const secretVersions = versionsIn(this.#followed(secrets));
    const lead = async ({ signal, leaseTransitions }: Leadership): Promise<void> => {
      this.term = leaseTransitions;
      this.#around.leads(this);
      const cluster = clusterThrough(line, world.cluster, () => elector.isHeld());
      const events = new EventRecorder({
        cluster,
        reportingController: 'jtel.de/operator',
        reportingInstance: this.name,
        secrets: new SecretRegistry(),
        logger,
      });
      const clusterID = await cluster.clusterID({ signal });
      try {
        await runControllers(
          {
            cluster,
            caches,
            driver: driverThrough(line, world.driver),
            releases: new ReleaseSource(),
            toolbox: toolboxImage,
            openStore: async (...asked): Promise<OpenStore> => {
              const opened = await world.openStore(...asked);
              return { ...opened, blobs: storeThrough(line, opened.blobs) };
            },
            events,
            logger,
            clusterID,
            ownNamespace: 'jtel-system',
            secretVersions,
            mayAct: () => elector.isHeld(),
            clock: () => new Date(),
            random: Math.random,
            workers: 4,
            resyncSeconds,
          },
          signal,
        );
      } finally {
        await events.close();
      }
    };
    await elector.run(this.#stop.signal, lead);
  }

  /** A cache that hears of each change, in order, some time after it happened. */
  #followed<T extends KubernetesObject>(kind: ResourceKind<T>): ObjectStore<T> {
    const { world, time, feedSeconds } = this.#around;
    const [server, heard] = [new ObjectStore<T>(), new ObjectStore<T>()];
    this.#unfollow.push(world.cluster.follow(kind, server));
    for (const object of server.list()) heard.put(object);
    heard.markSynced();
    let latest = 0;
    const stop = server.onChange(({ type, object }) => {
      latest = Math.max(latest, time.seconds + feedSeconds());
      const hear = (): void => (type === 'Deleted' ? heard.remove(object) : heard.put(object));
      time.as(this.life, () => time.schedule(hear, (latest - time.seconds) * 1000));
    });
    this.#unfollow.push(stop);
    return heard;
  }
}

function versionsIn<T extends KubernetesObject>(store: ObjectStore<T>): Versions {
  return {
    versionOf: (key) => store.get(key)?.metadata?.resourceVersion,
    onChange: (listener) => {
      for (const one of store.list())
        listener({ namespace: one.metadata?.namespace ?? '', name: one.metadata?.name ?? '' });
      return store.onChange(({ key }) => listener(key));
    },
  };
}
