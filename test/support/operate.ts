/** The controllers over a real API server, with hosts and the vendor's store in memory. */
import type { MemoryBlobStore } from '../../blob-store/memory.ts';
import { ReleaseSource } from '../../controllers/inputs/release-source.ts';
import {
  backupKind,
  channelKind,
  restoreKind,
  stackKind,
  storeKind,
  type JtelBackupStore,
} from '../../crds/index.ts';
import type { FakeHostDriver } from '../../host-driver/fake/driver.ts';
import { runControllers } from '../../operator/controllers.ts';
import {
  EventRecorder,
  Informer,
  ObjectVersions,
  secrets,
  SecretRegistry,
  silentLogger,
} from '../../runtime/index.ts';
import { call, type TestCluster } from './cluster.ts';

export interface Operation {
  readonly driver: FakeHostDriver;
  readonly vendor: MemoryBlobStore;
  /** Default 4. */
  readonly workers?: number;
  /** Default 5. */
  readonly resyncSeconds?: number;
}

/** Starts an operator over the namespace of the test. @returns how to end it, as if it were killed */
export async function operate(
  { connection, namespace, client }: TestCluster,
  { driver, vendor, workers = 4, resyncSeconds = 5 }: Operation,
): Promise<() => Promise<void>> {
  const options = { connection, namespaces: [namespace], logger: silentLogger };
  const informers = {
    stacks: new Informer(stackKind, options),
    stores: new Informer(storeKind, options),
    backups: new Informer(backupKind, options),
    restores: new Informer(restoreKind, options),
    channels: new Informer(channelKind, { ...options, namespaces: 'All' }),
  };
  const stop = new AbortController();
  const { signal } = stop;
  const secretVersions = new ObjectVersions({ ...options, kind: secrets });
  const all = Object.values(informers);
  const informing = [secretVersions.run(signal), ...all.map((informer) => informer.run(signal))];
  await Promise.all(all.map((informer) => informer.synced(signal)));
  const events = new EventRecorder({
    cluster: client,
    reportingController: 't',
    reportingInstance: 't',
    secrets: new SecretRegistry(),
    logger: silentLogger,
  });
  const resource = {
    metadata: { namespace, name: 'vendor' },
    spec: { tier: 'Vendor', accessMode: 'ReadOnly' },
  } as JtelBackupStore;
  const running = runControllers(
    {
      cluster: client,
      caches: {
        stacks: informers.stacks.store,
        stores: informers.stores.store,
        backups: informers.backups.store,
        restores: informers.restores.store,
        channels: informers.channels.store,
      },
      driver,
      releases: new ReleaseSource(),
      openStore: () => Promise.resolve({ resource, blobs: vendor, now: () => new Date() }),
      toolbox: { repository: 'registry.example/jtel/toolbox', digest: `sha256:${'7'.repeat(64)}`, tag: 'x' },
      events,
      logger: silentLogger,
      clusterID: await client.clusterID(call()),
      ownNamespace: namespace,
      secretVersions,
      mayAct: () => true,
      clock: () => new Date(),
      random: Math.random,
      workers,
      resyncSeconds,
      monitorSeconds: 0,
    },
    signal,
  );
  return async () => {
    stop.abort(new Error('killed'));
    await Promise.allSettled([running, ...informing]);
    await events.close();
  };
}
