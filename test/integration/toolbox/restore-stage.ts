/**
 * A real compose host with a real database under jtel's names, backed up and restored by jobs through the
 * real driver.
 */
import { networkInterfaces } from 'node:os';
import {
  backupOptionFiles,
  backupScript,
  companionEntrypoint,
  exchangePath,
  prepareFile,
  prepareScript,
} from '../../../jobs/companion.ts';
import type { BackupJobInput } from '../../../jobs/backup.ts';
import type { CountJobResult } from '../../../jobs/count.ts';
import type { RestoreJobInput } from '../../../jobs/restore.ts';
import type { DatabaseKind } from '../../../backup-format/data-set.ts';
import { stagedDatabase } from '../../../jobs/staging.ts';
import { composeText, startFiles } from '../../../host-driver/compose-files.ts';
import { createHostDriver } from '../../../host-driver/connect.ts';
import type { Host, JobCompanion, JobReport, JobSpec, RenderedRelease } from '../../../host-driver/host.ts';
import { buildStandIns } from '../../../sandbox/stand-ins/images.ts';
import { buildToolbox, toolboxImage } from '../../../images/images.ts';
import { Sandbox, silentProgress } from '../../../sandbox/index.ts';
import type { PushedImage } from '../../../sandbox/index.ts';
import { BlobDouble } from '../../support/backup/blob-double.ts';
import { identity } from '../../support/backup/job-builder.ts';
import { backupToRead } from '../../support/backup/restore-builder.ts';
import { aFence, aFile } from '../../support/host-builders.ts';
import { waitFor } from '../../support/wait.ts';
import { checkedResult } from '../../support/backup/job-result.ts';

export const signal = new AbortController().signal;
const nothing = (): void => undefined;
const megabyte = 2 ** 20;
const schemas = ['jtel', 'jtelstats'];

export interface Images {
  readonly toolbox: PushedImage;
  readonly master: PushedImage;
  readonly replica: PushedImage;
}

export class RestoreStage {
  readonly sandbox: Sandbox;
  readonly host: Host;
  readonly images: Images;
  readonly double: BlobDouble;
  readonly #driver = createHostDriver();
  #jobs = 0;

  private constructor(sandbox: Sandbox, images: Images, double: BlobDouble) {
    this.sandbox = sandbox;
    this.images = images;
    this.double = double;
    const { address, port, user, hostKeyFingerprint, privateKey } = sandbox.host('host-1');
    this.host = this.#driver.host({
      address,
      port,
      user,
      hostKeyFingerprints: [hostKeyFingerprint],
      privateKey,
    });
  }

  /** With a sandbox of its own, which {@link close} takes down. */
  static async open(): Promise<RestoreStage> {
    return await RestoreStage.on(
      await Sandbox.up({
        name: `${process.env['JTEL_SANDBOX'] || 'test'}-restore`,
        hosts: [{ name: 'host-1' }],
        only: ['hosts', 'registry'],
      }),
    );
  }

  static async on(sandbox: Sandbox): Promise<RestoreStage> {
    await buildStandIns(sandbox.docker, silentProgress, ['3.43.1']);
    await buildToolbox(sandbox.docker, silentProgress);
    const images = {
      toolbox: await sandbox.registry.push(toolboxImage, 'jtel/toolbox', 'dev'),
      master: await sandbox.registry.push('jtel/acd-dbm:3.43.1', 'jtel/acd-dbm', '3.43.1'),
      replica: await sandbox.registry.push('jtel/acd-dbs:3.43.1', 'jtel/acd-dbs', '3.43.1'),
    };
    const stage = new RestoreStage(
      sandbox,
      images,
      await BlobDouble.start(reachableFrom(sandbox.host('host-1').address)),
    );
    const { username, password, address: registry } = sandbox.registry;
    await stage.host.pull(Object.values(images), [{ registry, username, password }], nothing, signal);
    return stage;
  }

  async close(): Promise<void> {
    await this.leave();
    await this.sandbox.down();
  }

  /** The sandbox stays. */
  async leave(): Promise<void> {
    await this.double.stop();
    await this.#driver.close();
  }

  /** A stack of master and replica with its own passwords. */
  release(project: string): RenderedRelease {
    const secrets = ['database-root-password', 'database-app-password'].map((name) => ({
      name,
      file: aFile(secretOf(project, name), 0o600),
    }));
    const service = (image: PushedImage, volume: string) => ({
      image: `${image.repository}@${image.digest}`,
      volumes: [
        `${volume}:/var/lib/mysql`,
        ...secrets.map(
          ({ name, file }) => `/opt/jtel/${project}/files/${file.sha256}:/run/secrets/${name}:ro`,
        ),
      ],
      restart: 'unless-stopped',
    });
    const { master, replica } = this.images;
    const services = {
      'acd-dbm': service(master, 'database'),
      'acd-dbs': service(replica, 'database-replica'),
    };
    const model = { name: project, services, volumes: { database: {}, 'database-replica': {} } };
    const digest = Buffer.from(project).toString('hex').padEnd(64, '0').slice(0, 64);
    return {
      digest,
      version: '3.43.1',
      composeYaml: composeText(model),
      composeVolumes: model.volumes,
      start: startFiles(model),
      files: secrets.map(({ file }) => file),
      images: [master, replica],
      volumes: ['database', 'database-replica'],
      services: Object.keys(services),
    };
  }

  /** Brings its database up, empty or with the content of its volumes. */
  async start(project: string, services: readonly string[] = ['acd-dbm']): Promise<void> {
    const release = this.release(project);
    await this.host.claim(project, aFence(), signal);
    await this.host.writeRelease(project, release, aFence(), signal);
    await this.host.composeUp(project, release, services, aFence(), signal);
    await waitFor(
      `${services.join(', ')} of ${project}`,
      async () => {
        const { containers } = await this.host.observe(project, 'quick', signal);
        return services.every((service) =>
          containers.some((one) => one.service === service && one.health === 'healthy'),
        );
      },
      { timeoutSeconds: 120 },
    );
  }

  async onHost(script: string, input?: string): Promise<string> {
    return (
      await this.sandbox.docker.exec(
        this.sandbox.host('host-1').container,
        ['sh', '-c', script],
        input === undefined ? {} : { input },
      )
    ).trim();
  }

  async sql(project: string, statements: string, service = 'acd-dbm'): Promise<string> {
    return await this.onHost(
      `docker exec -i ${project}-${service}-1 mariadb --defaults-file=/dev/shm/jtel/client.cnf --batch --skip-column-names`,
      statements,
    );
  }

  async startJob(project: string, job: Omit<JobSpec, 'uid' | 'image' | 'command'>): Promise<string> {
    const uid = `job-${process.pid}-${++this.#jobs}`;
    await this.host.startJob(
      project,
      { ...job, uid, image: this.images.toolbox, command: [job.type] },
      aFence(),
      signal,
    );
    return uid;
  }

  async ended(uid: string): Promise<JobReport> {
    return await waitFor(
      `the end of ${uid}`,
      async () => {
        const report = await this.host.readJob(uid, signal);
        return (
          report !== undefined && report.job.state !== 'Running' && report.job.state !== 'Created' && report
        );
      },
      { timeoutSeconds: 180 },
    );
  }

  async #run(project: string, job: Omit<JobSpec, 'uid' | 'image' | 'command'>): Promise<JobReport> {
    const uid = await this.startJob(project, job);
    const report = await this.ended(uid);
    await this.host.removeJob(uid, aFence(), signal);
    return report;
  }

  async backup(project: string, kind: DatabaseKind, backupID: string): Promise<RestoreJobInput['backup']> {
    const rootPassword = secretOf(project, 'database-root-password');
    const input: BackupJobInput = {
      type: 'backup',
      backupID,
      attempt: 1,
      identity,
      epoch: '20261123',
      known: [],
      limits: {},
      upload: {
        kind: 'SignedURL',
        containerUrl: this.double.containerUrl,
        query: 'sp=c&sig=canary-create',
        prefix: '',
        expiresTime: '2099-01-01T00:00:00Z',
      },
      database: { kind, exchange: exchangePath, host: 'acd-dbm', port: 3306, rootPassword, schemas },
      fileTrees: [{ name: 'files', path: '/data/files', excludes: [] }],
    };
    const files = backupOptionFiles({ host: 'acd-dbm', port: 3306, user: 'root', password: rootPassword });
    const report = await this.#run(project, {
      type: 'backup',
      network: `${project}_default`,
      volumes: [{ volume: `${project}_files`, target: '/data/files', readOnly: true }],
      input,
      memoryBytes: 300 * megabyte,
      ...(kind === 'Physical'
        ? { exchange: exchangePath, companions: [this.#companion(project, backupScript, files, true)] }
        : {}),
    });
    if (report.error !== undefined)
      throw new Error(`backup failed: ${report.error.reason} ${report.error.message}`);
    return backupToRead(this.double, checkedResult('backup', report.result));
  }

  /** Puts it together as the operator does (controllers/loading/restore-job.ts). */
  restoreJob(
    project: string,
    backup: RestoreJobInput['backup'],
    change: Partial<RestoreJobInput> = {},
  ): Omit<JobSpec, 'uid' | 'image' | 'command'> {
    const isPhysical = backup.dataSets.some(({ kind }) => kind === 'Physical');
    const input: RestoreJobInput = {
      type: 'restore',
      loadID: 'load-1',
      onData: 'Refuse',
      backup,
      database: isPhysical
        ? {
            kind: 'Physical',
            volumePath: '/database',
            dataDirectory: 'data',
            exchange: exchangePath,
            uid: 999,
            gid: 999,
          }
        : {
            kind: 'Logical',
            host: 'acd-dbm',
            port: 3306,
            rootPassword: secretOf(project, 'database-root-password'),
            schemas,
          },
      fileTrees: [{ name: 'files', path: '/data/files', uid: 1000, gid: 1000 }],
      limits: {},
      ...change,
    };
    const files = { volume: `${project}_files`, target: '/data/files', readOnly: false };
    return {
      type: 'restore',
      network: isPhysical ? 'host' : `${project}_default`,
      volumes: isPhysical
        ? [{ volume: `${project}_database`, target: '/database', readOnly: false }, files]
        : [files],
      input,
      memoryBytes: 288 * megabyte,
      ...(isPhysical
        ? {
            exchange: exchangePath,
            companions: [
              this.#companion(project, prepareScript, [prepareFile(stagedDatabase('/var/lib/mysql'))], false),
            ],
          }
        : {}),
    };
  }

  async restore(
    project: string,
    backup: RestoreJobInput['backup'],
    change: Partial<RestoreJobInput> = {},
  ): Promise<JobReport> {
    return await this.#run(project, this.restoreJob(project, backup, change));
  }

  async count(project: string): Promise<CountJobResult> {
    const report = await this.#run(project, {
      type: 'count',
      network: `${project}_default`,
      volumes: [{ volume: `${project}_files`, target: '/data/files', readOnly: true }],
      input: {
        type: 'count',
        checksum: true,
        fileTrees: [{ name: 'files', path: '/data/files', excludes: [] }],
        database: {
          host: 'acd-dbm',
          port: 3306,
          rootPassword: secretOf(project, 'database-root-password'),
          schemas,
        },
      },
      memoryBytes: 256 * megabyte,
    });
    if (report.error !== undefined)
      throw new Error(`count failed: ${report.error.reason} ${report.error.message}`);
    return checkedResult('count', report.result);
  }

  #companion(project: string, script: string, files: JobCompanion['files'], readOnly: boolean): JobCompanion {
    return {
      name: 'database',
      image: this.images.master,
      entrypoint: companionEntrypoint,
      command: [script],
      user: '0:0',
      // A backup connects to the server; preparing needs no network.
      ...(readOnly ? { network: `${project}_default` } : {}),
      volumes: [{ volume: `${project}_database`, target: '/var/lib/mysql', readOnly }],
      files,
      memoryBytes: 512 * megabyte,
    };
  }
}

/** This machine's own address in the network of the hosts, where their containers can reach it. */
function reachableFrom(host: string): string {
  const prefix = host.replace(/\d+$/, '');
  const own = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .find(({ address }) => address.startsWith(prefix));
  if (own === undefined) throw new Error(`this machine has no address beside ${host}`);
  return own.address;
}

export const first = 'jtel-demo-first';
export const second = 'jtel-demo-second';

/** Each stack has its own, because a restored database must work with those of its new place. */
function secretOf(project: string, name: string): string {
  return `${project}"'\\${name}`;
}
