import { describe, expect, it } from 'vitest';
import { stackKind } from '../../crds/index.ts';
import { FakeHostDriver } from '../../host-driver/fake/driver.ts';
import { MemoryCluster } from '../../runtime/fake/memory-cluster.ts';
import { configMaps } from '../../runtime/index.ts';
import { aStack } from '../stack/testing.ts';
import { readOnlyCluster, readOnlyDriver } from './read-only.ts';

const call = { signal: new AbortController().signal };
const key = { namespace: 'acme', name: 'main' };

describe('hands that change nothing', () => {
  it('refuse every write to the cluster', async () => {
    const cluster = readOnlyCluster(new MemoryCluster());
    const object = { metadata: key };
    const writes = [
      cluster.create(configMaps, object, call),
      cluster.replace(configMaps, object, call),
      cluster.apply(configMaps, object, call),
      cluster.delete(configMaps, key, {}, call),
      cluster.applyStatus(stackKind, key, {}, {}, call),
      cluster.patchFinalizers(stackKind, aStack(), [], call),
      cluster.patchAnnotations(stackKind, aStack(), {}, call),
    ];
    for (const write of writes) await expect(write).rejects.toThrow('a look must not');
  });

  it('read what is there', async () => {
    const real = new MemoryCluster();
    await real.create(configMaps, { metadata: key, data: { a: '1' } }, call);
    const cluster = readOnlyCluster(real);
    expect((await cluster.get(configMaps, key, call)).data).toEqual({ a: '1' });
  });

  it('refuse whatever is more than a look at a host', async () => {
    const host = readOnlyDriver(new FakeHostDriver()).host({
      address: '192.0.2.10',
      port: 22,
      user: 'jtel',
      hostKeyFingerprints: [],
      privateKey: '',
    });
    const fence = { owner: { clusterID: 'c', namespace: 'acme', name: 'main', uid: 'u' }, epoch: 1 };
    await expect(host.claim('p', fence, call.signal)).rejects.toThrow('a look must not claim');
    await expect(host.destroy('p', fence, call.signal)).rejects.toThrow('a look must not destroy');
    await expect(host.removeJob('job', fence, call.signal)).rejects.toThrow('a look must not removeJob');
  });
});
