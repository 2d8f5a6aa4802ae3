/**
 * `restore.downtime`: how long the web page does not answer while a backup replaces the present data.
 * Compared with the earlier build, which loaded in place, with the same data on its own host; and with this
 * build and four times the data, because the size must not matter for a switch. `JTEL_BENCH_DATABASE_MIB`
 * sets the size (default 1024).
 */
import { Kubectl } from '../../sandbox/installation/kubectl.ts';
import { waitFor } from '../../test/support/wait.ts';
import { countCalls, fillCalls } from '../backup/calls.ts';
import type { Benchmark, BenchmarkContext, Contender, MissingPeer, Trial } from '../benchmark.ts';
import { earlierName } from '../earlier-checkout.ts';
import { earlierSandbox } from '../earlier-sandbox.ts';
import { formatValue } from '../statistics.ts';
import { destroyStack, installStack, type InstalledStack } from './installed-stack.ts';
import { probePage } from './page-probe.ts';

const ofEarlier = 0.25;
const ofSmaller = 1.1;
const larger = 'four times the data';
const seconds = 1800;
const withoutReplica = { components: [{ name: 'acd-dbs', state: 'Disabled' }] };

export const restoreDowntime: Benchmark = {
  name: 'restore.downtime',
  unit: 's',
  runs: 5,
  goal: `at most ${ofEarlier} times that of the ${earlierName}, and at most ${ofSmaller} times as long with ${larger}`,

  async prepare(context): Promise<Trial> {
    const mebibytes = Number(process.env['JTEL_BENCH_DATABASE_MIB'] ?? 1024);
    const stack = new RestoredStack(await installStack(context));
    context.atEnd(() => stack.destroy());
    await stack.openStore();
    const small = await stack.backUp('small', mebibytes, context);
    const large = await stack.backUp('large', 4 * mebibytes, context);
    return {
      product: { name: 'jtel-operator', run: () => stack.downtime(small) },
      peers: [await earlier(mebibytes, context), { name: larger, run: () => stack.downtime(large) }],
      judge: (product, peers) => {
        const medianOf = (name: string): number =>
          peers.find((peer) => peer.name === name)?.median ?? Number.NaN;
        const [part, growth] = [product.median / medianOf(earlierName), medianOf(larger) / product.median];
        return {
          met: part <= ofEarlier && growth <= ofSmaller,
          because: `${formatValue(part)} times as long, and ${formatValue(growth)} times with ${larger}`,
        };
      },
    };
  },
};

/** The earlier build installs its own stack, with its own images, in its own sandbox. */
async function earlier(mebibytes: number, context: BenchmarkContext): Promise<Contender | MissingPeer> {
  const build = await earlierSandbox(context);
  if ('missing' in build) return { name: earlierName, missing: build.missing };
  const { installStack: install } = await build.load<{ installStack: typeof installStack }>(
    'bench/benchmarks/installed-stack.ts',
  );
  const stack = new RestoredStack(await install(build.context));
  await stack.openStore();
  const backup = await stack.backUp('small', mebibytes, context);
  return { name: earlierName, run: () => stack.downtime(backup) };
}

/** A stack whose data are restored again and again. */
class RestoredStack {
  readonly #stack: InstalledStack;
  readonly #rows = new Map<string, string>();
  #orders = 0;

  constructor(stack: InstalledStack) {
    this.#stack = stack;
  }

  async openStore(): Promise<void> {
    const { sandbox, namespace } = this.#stack;
    const { customer } = sandbox.blob;
    const azure = {
      endpoint: customer.endpoint,
      container: customer.container,
      credentialsSecretRef: { name: 'backups' },
    };
    await (
      await this.#kubectl()
    ).apply([
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'backups', namespace },
        stringData: {
          endpoint: customer.endpoint,
          accountName: customer.account,
          accountKey: customer.key,
        },
      },
      {
        apiVersion: 'jtel.de/v1alpha1',
        kind: 'JtelBackupStore',
        metadata: { name: 'backups', namespace },
        spec: { tier: 'Customer', azure, immutability: { policy: 'Required' } },
      },
    ]);
    const spec = {
      suspend: false,
      ...withoutReplica,
      backup: { storeRef: { name: 'backups' }, state: 'Suspended' },
    };
    await this.#stack.ready(await this.#stack.apply(spec));
  }

  /** @returns the name of a backup with a database of this many MiB */
  async backUp(name: string, mebibytes: number, { progress }: BenchmarkContext): Promise<string> {
    const backup = `${name}-${Date.now()}`;
    await progress.step(`a backup of ${mebibytes} MiB`, async () => {
      await this.#query(
        'SET FOREIGN_KEY_CHECKS = 0; DROP TABLE IF EXISTS jtel.n, jtel.calls_0, jtel.calls_1, jtel.calls_2, jtel.calls_3, jtel.calls_4, jtel.calls_5, jtel.calls_6, jtel.calls_7',
      );
      await fillCalls(mebibytes, (statements) => this.#query(statements));
      this.#rows.set(backup, await this.#query(countCalls));
      await this.#request('JtelBackup', backup, {});
    });
    return backup;
  }

  /** From the order until everything is healthy again. @returns seconds without an answer */
  async downtime(backup: string): Promise<number> {
    const { host, namespace, name } = this.#stack;
    const { fqdn } = (await this.#stack.read()).spec.network;
    this.#orders += 1;
    await this.#stack.settled();
    const probe = probePage(host.address, fqdn);
    await this.#request('JtelRestore', `${backup}-${this.#orders}`, {
      source: { backupRef: { name: backup } },
      ifNotEmpty: 'Replace',
      confirmReplace: name,
      preRestoreBackup: 'Skip',
    });
    await waitFor(
      `${namespace}/${name} to be Ready`,
      async () => (await this.#stack.read()).status?.phase === 'Ready',
      { timeoutSeconds: seconds },
    );
    const down = await probe.stop();
    const rows = await this.#query(countCalls);
    if (rows !== this.#rows.get(backup))
      throw new Error(`${rows} rows came back, ${this.#rows.get(backup) ?? '?'} were there`);
    return down;
  }

  destroy(): Promise<void> {
    return destroyStack(this.#stack);
  }

  async #request(kind: 'JtelBackup' | 'JtelRestore', name: string, spec: object): Promise<void> {
    const { namespace, name: stack } = this.#stack;
    const kubectl = await this.#kubectl();
    await kubectl.apply([
      {
        apiVersion: 'jtel.de/v1alpha1',
        kind,
        metadata: { name, namespace },
        spec: { stackRef: { name: stack }, ...spec },
      },
    ]);
    await waitFor(
      `${kind} ${name}`,
      async () => {
        const { status } = await kubectl.json<{ status?: { phase?: string; message?: string } }>([
          'get',
          kind.toLowerCase(),
          name,
          '-n',
          namespace,
        ]);
        if (status?.phase === 'Failed') throw new Error(status.message);
        return status?.phase === 'Completed';
      },
      { timeoutSeconds: seconds, intervalMilliseconds: 200 },
    );
  }

  #kubectl(): Promise<Kubectl> {
    return Kubectl.find(this.#stack.sandbox.kubeconfigPath);
  }

  async #query(statements: string): Promise<string> {
    const { sandbox, host, project } = this.#stack;
    const client = [
      'docker',
      'exec',
      '-i',
      `${project}-acd-dbm-1`,
      'mariadb',
      '--defaults-file=/dev/shm/jtel/client.cnf',
      '--batch',
      '--skip-column-names',
    ];
    return (
      await sandbox.docker.exec(host.container, client, { input: statements, timeoutSeconds: seconds })
    ).trim();
  }
}
