/**
 * `dr.total`: from an empty host with Docker to a stack that is Ready with the data of its backup. Ours is
 * the apply of `examples/disaster-recovery/`. The peer is a person with a script who has everything prepared:
 * the compose project, and signed addresses of a stream of mariadb-backup and of an archive of the files. The
 * script pulls the images, unpacks, prepares, and runs `docker compose up -d --wait`. There is no replica,
 * which would copy the whole database afterwards. Images, containers, volumes and files of the host are
 * removed before each run. `JTEL_BENCH_DATABASE_MIB` sets the size (default 1024).
 */
import {
  BlobSASPermissions,
  BlobServiceClient,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import { example } from '../../sandbox/installation/examples.ts';
import { Kubectl } from '../../sandbox/installation/kubectl.ts';
import { Sandbox, type BlobAccess, type SandboxHost } from '../../sandbox/index.ts';
import { waitFor } from '../../test/support/wait.ts';
import { countCalls, fillCalls } from '../backup/calls.ts';
import type { Benchmark, BenchmarkContext, Trial } from '../benchmark.ts';
import { formatValue } from '../statistics.ts';
import { destroyStack, installStack, type InstalledStack } from './installed-stack.ts';
import { optional } from '../../base/optional.ts';

const factor = 1.2;
const directory = '/var/lib/docker/jtel-bench';
const namespace = 'recovered';
const seconds = 900;
const withoutReplica = { components: [{ name: 'acd-dbs', state: 'Disabled' }] };

export const disasterRecovery: Benchmark = {
  name: 'dr.total',
  unit: 's',
  runs: 5,
  goal: `at most ${factor} times as long as pulling and restoring by hand`,

  async prepare(context): Promise<Trial> {
    const stack = await installStack(context);
    context.atEnd(() => destroyStack(stack));
    const { hosts } = await Sandbox.up({
      name: stack.sandbox.name,
      hosts: [{ name: 'host-1' }, { name: 'host-2' }],
      progress: context.progress,
    });
    const host = hosts['host-2'];
    if (host === undefined) throw new Error('the sandbox has no second host');
    const lost = new LostStack(stack, host, await Kubectl.find(stack.sandbox.kubeconfigPath));
    await lost.fill(Number(process.env['JTEL_BENCH_DATABASE_MIB'] ?? 1024), context);
    return {
      product: { name: 'jtel-operator', run: () => lost.recover() },
      peers: [{ name: 'pull + restore by hand', run: () => lost.recoverByHand() }],
      judge: (product, [peer]) => {
        if (peer === undefined) return { met: false, because: 'nothing to compare with' };
        return {
          met: product.median <= factor * peer.median,
          because: `${formatValue(product.median / peer.median)} times as long`,
        };
      },
    };
  },
};

/** A stack of which only backups are left, ours and one made by a person, and the new host for it. */
class LostStack {
  readonly #stack: InstalledStack;
  readonly #host: SandboxHost;
  readonly #kubectl: Kubectl;
  readonly #identity: string;
  #rows = '';
  #byHand = '';

  constructor(stack: InstalledStack, host: SandboxHost, kubectl: Kubectl) {
    this.#stack = stack;
    this.#host = host;
    this.#kubectl = kubectl;
    this.#identity = `${stack.namespace}.${stack.name}`;
  }

  async fill(mebibytes: number, { progress }: BenchmarkContext): Promise<void> {
    const { sandbox, host, namespace: home, name } = this.#stack;
    const query = (statements: string): Promise<string> => this.#query(host, this.#stack.project, statements);
    await progress.step(`a database of ${mebibytes} MiB`, () => fillCalls(mebibytes, query));
    this.#rows = await query(countCalls);
    const { customer } = sandbox.blob;
    await progress.step('its backup', async () => {
      await this.#kubectl.apply([
        {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: 'backups', namespace: home },
          stringData: {
            endpoint: customer.endpoint,
            accountName: customer.account,
            accountKey: customer.key,
          },
        },
        {
          apiVersion: 'jtel.de/v1alpha1',
          kind: 'JtelBackupStore',
          metadata: { name: 'backups', namespace: home },
          spec: {
            tier: 'Customer',
            azure: {
              endpoint: customer.endpoint,
              container: customer.container,
              credentialsSecretRef: { name: 'backups' },
            },
            immutability: { policy: 'Required' },
          },
        },
      ]);
      await this.#stack.ready(
        await this.#stack.apply({
          suspend: false,
          ...withoutReplica,
          backup: { storeRef: { name: 'backups' }, state: 'Suspended' },
        }),
      );
      await this.#kubectl.apply([
        {
          apiVersion: 'jtel.de/v1alpha1',
          kind: 'JtelBackup',
          metadata: { name: 'last', namespace: home },
          spec: { stackRef: { name } },
        },
      ]);
      await waitFor(
        'the backup',
        async () =>
          (
            await this.#kubectl.json<{ status?: { phase?: string } }>([
              'get',
              'jtelbackup',
              'last',
              '-n',
              home,
            ])
          ).status?.phase === 'Completed',
        { timeoutSeconds: seconds },
      );
    });
    await progress.step('the backup by hand', () => this.#backUpByHand());
    // The lost stack must not use the machine's cores while others are measured.
    await this.#stack.apply({ suspend: false, ...withoutReplica, powerState: 'Stopped' });
    await waitFor(
      'the lost stack to stop',
      async () => (await this.#stack.read()).status?.phase === 'Stopped',
      { timeoutSeconds: 120 },
    );
    await this.#login();
  }

  /** From the apply to Ready, as a user sees it. */
  async recover(): Promise<number> {
    await this.#empty();
    const { sandbox } = this.#stack;
    const manifests = await example('disaster-recovery', sandbox, {
      host: this.#host,
      namespace,
      spec: withoutReplica,
      backups: { access: sandbox.blob.customer, identity: this.#identity },
    });
    const start = performance.now();
    await this.#kubectl.apply(manifests);
    await this.#kubectl.run(
      ['wait', '--for=condition=Ready', 'jtelstack/acme', '-n', namespace, `--timeout=${seconds}s`],
      { timeoutSeconds: seconds + 10 },
    );
    const took = (performance.now() - start) / 1000;
    await this.#expectRows(`jtel-${namespace}-acme`);
    await this.#kubectl.run(['delete', 'namespace', namespace, '--timeout=120s'], { timeoutSeconds: 130 });
    return took;
  }

  async recoverByHand(): Promise<number> {
    await this.#empty();
    const { project, sandbox, host } = this.#stack;
    // What the person has prepared: the compose project.
    const archive = await sandbox.docker.exec(host.container, [
      'sh',
      '-c',
      `tar -C /opt/jtel -c ${project} | base64 -w0`,
    ]);
    await this.#onHost('base64 -d | tar -C /opt/jtel -x', archive);
    const start = performance.now();
    await this.#onHost(`set -eu
      compose() { docker compose -p ${project} -f /opt/jtel/${project}/current/compose.yaml "$@"; }
      compose pull -q
      volume() { docker volume create --label com.docker.compose.project=${project} --label com.docker.compose.volume=$1 ${project}_$1 >/dev/null; }
      volume database; volume files
      ${this.#byHand}
      compose up -d --wait`);
    const took = (performance.now() - start) / 1000;
    await this.#expectRows(project);
    return took;
  }

  /**
   * Stores streams of the database's own files and of the file tree as blobs; {@link #byHand} becomes the
   * commands that restore them.
   */
  async #backUpByHand(): Promise<void> {
    const { sandbox, project } = this.#stack;
    const blobs = await sandbox.blob.container(sandbox.blob.customer, 'by-hand', { kind: 'None' });
    const zstd = `mkdir -p ${directory} && docker create --name jtel-bench-zstd ${this.#stack.toolbox} >/dev/null && docker cp -L jtel-bench-zstd:/usr/bin/zstd ${directory}/zstd && docker rm jtel-bench-zstd >/dev/null`;
    const put = (name: string): string =>
      `curl -fsS -X PUT -H 'x-ms-blob-type: BlockBlob' -H 'x-ms-version: 2021-12-02' -T ${directory}/${name} '${signed(blobs, name)}'`;
    await this.#onLostHost(`set -eu; ${zstd}
      docker exec ${project}-acd-dbm-1 bash -o pipefail -c 'mariadb-backup --defaults-file=/dev/shm/jtel/client.cnf --backup --stream=xbstream --target-dir=/tmp 2>/dev/null' | ${directory}/zstd -1 -q -f -o ${directory}/database.zst
      tar -C "$(docker volume inspect -f '{{.Mountpoint}}' ${project}_files)" -c . | ${directory}/zstd -1 -q -f -o ${directory}/files.zst
      ${put('database.zst')}; ${put('files.zst')}`);
    const image = (
      await this.#onLostHost(`docker inspect -f '{{.Config.Image}}' ${project}-acd-dbm-1`)
    ).trim();
    const data = '/var/lib/mysql/data';
    const script = `mkdir -p ${data} && zstd -dc | mbstream -x -C ${data} && mariadb-backup --prepare --target-dir=${data} 2>/dev/null && chown -R mysql:mysql ${data}`;
    this.#byHand = `curl -fsS '${signed(blobs, 'database.zst')}' | docker run -i --rm --network none -v ${project}_database:/var/lib/mysql -v ${directory}/zstd:/usr/bin/zstd --entrypoint bash ${image} -o pipefail -c '${script}'
      curl -fsS '${signed(blobs, 'files.zst')}' | ${directory}/zstd -dc | tar -C "$(docker volume inspect -f '{{.Mountpoint}}' ${project}_files)" -x`;
    const copy = await sandbox.docker.exec(this.#stack.host.container, [
      'base64',
      '-w0',
      `${directory}/zstd`,
    ]);
    await this.#onHost(
      `mkdir -p ${directory} && base64 -d > ${directory}/zstd && chmod +x ${directory}/zstd`,
      copy,
    );
  }

  async #login(): Promise<void> {
    const { registry } = this.#stack.sandbox;
    await this.#onHost(
      `docker login -u ${registry.username} --password-stdin ${registry.address} 2>/dev/null`,
      registry.password,
    );
  }

  /** A host with Docker and nothing else. */
  async #empty(): Promise<void> {
    await this.#onHost(`docker ps -aq | xargs -r docker rm -f >/dev/null
      docker volume ls -q | xargs -r docker volume rm >/dev/null
      docker network prune -f >/dev/null; docker image prune -af >/dev/null
      rm -rf /opt/jtel; mkdir -p /opt/jtel; sync`);
  }

  async #expectRows(project: string): Promise<void> {
    const rows = await this.#query(this.#host, project, countCalls);
    if (rows !== this.#rows) throw new Error(`${rows} rows came back, ${this.#rows} were there`);
  }

  async #query(host: SandboxHost, project: string, statements: string): Promise<string> {
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
      await this.#stack.sandbox.docker.exec(host.container, client, {
        input: statements,
        timeoutSeconds: seconds,
      })
    ).trim();
  }

  #onHost(script: string, input?: string): Promise<string> {
    return this.#stack.sandbox.docker.exec(this.#host.container, ['bash', '-o', 'pipefail', '-c', script], {
      timeoutSeconds: seconds,
      ...optional({ input }),
    });
  }

  #onLostHost(script: string): Promise<string> {
    return this.#stack.sandbox.docker.exec(
      this.#stack.host.container,
      ['bash', '-o', 'pipefail', '-c', script],
      { timeoutSeconds: seconds },
    );
  }
}

function signed(access: BlobAccess, name: string): string {
  const credential = new StorageSharedKeyCredential(access.account, access.key);
  const rights = {
    containerName: access.container,
    blobName: name,
    permissions: BlobSASPermissions.parse('rcw'),
    expiresOn: new Date(Date.now() + 86_400_000),
  };
  const { url } = new BlobServiceClient(access.endpoint, credential)
    .getContainerClient(access.container)
    .getBlobClient(name);
  return `${url}?${generateBlobSASQueryParameters(rights, credential).toString()}`;
}
