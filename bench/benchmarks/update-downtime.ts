/**
 * `update.downtime`: how long the web page does not answer during an in-place update, compared with compose
 * alone with the same containers on the same host. Each run goes to a new release, made from 3.43.2: another
 * version and one other variable in every service except the database. So the same containers are replaced
 * each time, and no data change.
 */
import { ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import type { Release } from '../../release/generated/release.ts';
import { signAsVendor } from '../../sandbox/installation/releases.ts';
import { waitFor } from '../../test/support/wait.ts';
import type { Benchmark, Trial } from '../benchmark.ts';
import { formatValue } from '../statistics.ts';
import { destroyStack, installStack, type InstalledStack } from './installed-stack.ts';
import { probePage } from './page-probe.ts';

const allowanceSeconds = 1;
const origin = '3.43.2';
const marker = 'JTEL_BENCH_RELEASE';
const unchanged = new Set(['acd-dbm', 'acd-dbs']);

export const updateDowntime: Benchmark = {
  name: 'update.downtime',
  unit: 's',
  runs: 5,
  goal: `at most ${allowanceSeconds} s longer than compose alone for the same containers`,

  async prepare(context): Promise<Trial> {
    const stack = await installStack(context);
    // These releases cannot be rolled back, so the next benchmark begins with a new stack.
    context.atEnd(() => destroyStack(stack));
    const { fqdn } = (await stack.read()).spec.network;
    // Versions from an earlier run of this benchmark must not come again.
    let number = Math.floor(Date.now() / 1000) % 1_000_000;
    const down = async (change: () => Promise<void>): Promise<number> => {
      const probe = probePage(stack.host.address, fqdn);
      await change();
      return await probe.stop();
    };
    return {
      product: {
        name: 'jtel-operator',
        run: async () => {
          number += 1;
          const version = `3.44.${number}`;
          await publish(stack, version);
          await stack.settled();
          const update = { preUpdateBackup: 'Skip' };
          return await down(async () => {
            await stack.ready(await stack.apply({ version, update, suspend: false }));
          });
        },
      },
      peers: [
        {
          name: 'docker compose up -d',
          run: async () => {
            const { spec } = await stack.read();
            await stack.apply({ version: spec.version, update: spec.update, suspend: true });
            await waitFor(
              'the operator to be suspended',
              async () => (await stack.read()).status?.phase === 'Suspended',
            );
            number += 1;
            const seconds = await down(() => composeAlone(stack, `alone-${number}`));
            return seconds;
          },
        },
      ],
      judge: (product, [peer]) => {
        if (peer === undefined) return { met: false, because: 'nothing to compare with' };
        const more = product.median - peer.median;
        return {
          met: more <= allowanceSeconds,
          because: `${formatValue(product.median)} s and ${formatValue(peer.median)} s: ${formatValue(more)} s more`,
        };
      },
    };
  },
};

/** A release like 3.43.2 under another version. */
async function publish({ sandbox }: InstalledStack, version: string): Promise<void> {
  const { endpoint, account, key, container } = sandbox.blob.vendor;
  const client = new ContainerClient(
    `${endpoint}/${container}`,
    new StorageSharedKeyCredential(account, key),
  );
  for await (const { name } of client.listBlobsFlat({ prefix: `releases/${origin}/` })) {
    if (name.endsWith('.sig')) continue;
    let content = await client.getBlobClient(name).downloadToBuffer();
    if (name.endsWith('/release.json')) {
      const release = JSON.parse(content.toString()) as Release;
      const components = release.components.map((component) =>
        unchanged.has(component.name)
          ? component
          : {
              ...component,
              environment: [...(component.environment ?? []), { name: marker, value: version }],
            },
      );
      content = Buffer.from(
        JSON.stringify({ ...release, version, updatableFrom: [`>=3.43.1 <${version}`], components }),
      );
    }
    await client
      .getBlockBlobClient(name.replace(`releases/${origin}/`, `releases/${version}/`))
      .upload(content, content.length);
    if (!name.endsWith('/release.json')) continue;
    const signature = await signAsVendor(sandbox, content);
    await client
      .getBlockBlobClient(`releases/${version}/release.json.sig`)
      .upload(signature, signature.length);
  }
}

/** What a person would type: the file with another value, up, and wait until everything is healthy. */
async function composeAlone({ sandbox, host, project }: InstalledStack, value: string): Promise<void> {
  const script =
    `sed 's/${marker}=[^"]*"/${marker}=${value}"/' /opt/jtel/${project}/current/compose.yaml >/root/bench.yaml && ` +
    `docker compose -p ${project} -f /root/bench.yaml up -d --wait --wait-timeout 240`;
  await sandbox.docker.exec(host.container, ['sh', '-ec', script], { timeoutSeconds: 300 });
}
