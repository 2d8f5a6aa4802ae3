/**
 * A real MariaDB on a volume, and backup jobs beside it the way the host driver starts them: a companion of
 * the database's own image, the toolbox's image, a volume between them.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  backupOptionFiles,
  backupScript,
  companionEntrypoint,
  exchangePath,
  optionFilePath,
  prepareFile,
  prepareScript,
} from '../../../jobs/companion.ts';
import type { CompanionFile } from '../../../jobs/companion.ts';
import type { BackupDatabase, BackupJobInput } from '../../../jobs/backup.ts';
import type { RestoreJobInput } from '../../../jobs/restore.ts';
import { stagedDatabase } from '../../../jobs/staging.ts';
import { buildOlderDatabase, buildStandIns, olderDatabaseImage } from '../../../sandbox/stand-ins/images.ts';
import { buildToolbox, toolboxImage } from '../../../images/images.ts';
import { ensureBaseImage, ensureNodeImage } from '../../../kit/base-image.ts';
import { ensureDocker } from '../../../kit/docker-daemon.ts';
import type { Docker } from '../../../kit/docker.ts';
import { sandboxLabel } from '../../../kit/docker.ts';
import { silentProgress } from '../../../kit/progress.ts';
import { waitFor } from '../wait.ts';
import { StageContainers } from './stage-containers.ts';
import { optional } from '../../../base/optional.ts';

const clientFile = '--defaults-file=/dev/shm/jtel/client.cnf';
export const databaseImage = 'jtel/acd-dbm:3.43.1';

/** The database, as another release would define it. */
export interface StageOptions {
  /** An image made from the stand-in's, to use in its place. */
  readonly image?: string;
  /** `MariaDB 10.11` instead of 11.8. */
  readonly series?: '10.11';
  readonly environment?: Readonly<Record<string, string>>;
  /** Further secrets, as files below /run/secrets. */
  readonly secrets?: Readonly<Record<string, string>>;
}

export interface JobOutcome {
  readonly exitCode: number;
  readonly log: string;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly reason: string; readonly message: string };
  readonly progress: readonly Readonly<Record<string, unknown>>[];
}

export interface StartOptions {
  /** Replaces the real one, for something that must be noticed. */
  readonly companionScript?: string;
  readonly companionFiles?: readonly CompanionFile[];
  /** What the release requires of connections. */
  readonly tls?: { readonly tls: { readonly certificateAuthority?: string } };
  readonly memory?: string;
  /** The job's image from another build. */
  readonly toolbox?: string;
}

export interface RestoreOptions {
  /** Image that prepares the files; by default the database's own. */
  readonly preparing?: string;
  readonly companionFiles?: readonly CompanionFile[];
}

export interface JobRun {
  readonly name: string;
  readonly companion: string | undefined;
  readonly exchange: string;
}

export class DatabaseStage {
  readonly docker: Docker;
  readonly name: string;
  /** Address of this machine, as the containers reach it. */
  gateway = '';
  readonly rootPassword = `ro"ot\\pw'x$1\` ${randomBytes(4).toString('hex')}`;
  readonly #label: string;
  readonly #options: StageOptions;
  /** Named by its id, because the tag may move on during the run. */
  readonly #toolbox: string;
  readonly #containers: StageContainers;
  #secrets = '';
  #jobs = 0;

  private constructor(docker: Docker, name: string, options: StageOptions, toolbox: string) {
    this.docker = docker;
    this.#toolbox = toolbox;
    this.#options = options;
    this.name = `${name}-${randomBytes(4).toString('hex')}`;
    this.#label = `${sandboxLabel}=${name}`;
    this.#containers = new StageContainers(docker, this.name, this.#label);
  }

  static async open(name: string, options: StageOptions = {}): Promise<DatabaseStage> {
    const docker = await ensureDocker(silentProgress);
    await ensureBaseImage(docker, silentProgress);
    await ensureNodeImage(docker, silentProgress);
    await buildStandIns(docker, silentProgress, ['3.43.1']);
    if (options.series !== undefined) await buildOlderDatabase(docker, silentProgress);
    const toolbox = await buildToolbox(docker, silentProgress);
    const stage = new DatabaseStage(docker, name, options, toolbox.id);
    await stage.#start();
    return stage;
  }

  /** Image of the database, and of what works beside it. */
  get image(): string {
    return this.#options.image ?? (this.#options.series === undefined ? databaseImage : olderDatabaseImage);
  }

  get database(): string {
    return `${this.name}-dbm`;
  }

  get dataVolume(): string {
    return `${this.name}-data`;
  }

  get filesVolume(): string {
    return `${this.name}-files`;
  }

  async #start(): Promise<void> {
    this.#secrets = await mkdtemp(join(tmpdir(), 'database-stage-'));
    await writeFile(join(this.#secrets, 'database-root-password'), this.rootPassword, { mode: 0o600 });
    await writeFile(join(this.#secrets, 'database-app-password'), 'app-password', { mode: 0o600 });
    for (const [name, content] of Object.entries(this.#options.secrets ?? {}))
      await writeFile(join(this.#secrets, name), content, { mode: 0o600 });
    const environment = Object.entries(this.#options.environment ?? {}).flatMap(([name, value]) => [
      '-e',
      `${name}=${value}`,
    ]);
    await this.docker.run(['network', 'create', '--label', this.#label, this.name]);
    this.gateway = await this.docker.run([
      'network',
      'inspect',
      this.name,
      '--format',
      '{{(index .IPAM.Config 0).Gateway}}',
    ]);
    for (const volume of [this.dataVolume, this.filesVolume])
      await this.docker.run(['volume', 'create', '--label', this.#label, volume]);
    await this.#containers.make(
      'run',
      this.database,
      {
        more: ['--network-alias', 'acd-dbm', ...environment],
        volumes: [`${this.dataVolume}:/var/lib/mysql`, `${this.#secrets}:/run/secrets:ro`],
      },
      [this.image],
    );
    await this.#healthy(this.database);
  }

  async #healthy(server: string): Promise<void> {
    const answers = async (): Promise<boolean> =>
      (await this.docker.tryRun(['exec', server, 'healthy'])).code === 0;
    await waitFor(`the database ${server}`, answers, { timeoutSeconds: 180 });
  }

  async close(): Promise<void> {
    const ids = await this.docker.run(['ps', '-aq', '--filter', `network=${this.name}`]);
    for (const id of ids.split('\n').filter(Boolean)) await this.docker.remove(id);
    const volumes = await this.docker.run(['volume', 'ls', '-q', '--filter', `name=${this.name}`]);
    for (const volume of volumes.split('\n').filter(Boolean))
      await this.docker.tryRun(['volume', 'rm', '-f', volume]);
    await this.docker.run(['network', 'rm', this.name]);
    await rm(this.#secrets, { recursive: true, force: true });
  }

  async sql(statements: string, database = this.database): Promise<string> {
    return await this.docker.exec(database, ['mariadb', clientFile, '--batch', '--skip-column-names'], {
      input: statements,
    });
  }

  /** Runs a shell command as root; it sees the file tree at /tree. */
  async inTree(command: string): Promise<string> {
    return await this.docker.run([
      'run',
      '--rm',
      '--label',
      this.#label,
      '--network',
      'none',
      '-v',
      `${this.filesVolume}:/tree`,
      '--entrypoint',
      'sh',
      toolboxImage,
      '-c',
      `cd /tree && ${command}`,
    ]);
  }

  get #server(): {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
  } {
    return { host: 'acd-dbm', port: 3306, user: 'root', password: this.rootPassword };
  }

  databaseInput(kind: BackupDatabase['kind']): BackupDatabase {
    return {
      kind,
      exchange: exchangePath,
      host: 'acd-dbm',
      port: 3306,
      rootPassword: this.rootPassword,
      schemas: ['jtel', 'jtelstats'],
    };
  }

  /** Starts a backup job. The companion starts first, as with the driver. */
  async start(input: BackupJobInput, options: StartOptions = {}): Promise<JobRun> {
    const name = `${this.name}-job-${++this.#jobs}`;
    const exchange = `${name}-exchange`;
    await this.docker.run(['volume', 'create', '--label', this.#label, exchange]);
    let companion: string | undefined;
    if (input.database?.kind === 'Physical') {
      companion = `${name}-companion`;
      const [shell = '', ...rest] = companionEntrypoint;
      await this.#containers.make(
        'create',
        companion,
        {
          user: '0',
          entrypoint: shell,
          volumes: [`${this.dataVolume}:/var/lib/mysql:ro`, `${exchange}:${exchangePath}`],
        },
        [this.image, ...rest, options.companionScript ?? backupScript],
      );
      for (const { path, content } of [
        ...backupOptionFiles({ ...this.#server, ...options.tls }),
        ...(options.companionFiles ?? []),
      ])
        await this.#containers.put(companion, path, content);
      await this.docker.run(['start', companion]);
    }
    await this.#containers.make(
      'create',
      name,
      {
        memory: options.memory ?? '300m',
        volumes: [`${this.filesVolume}:/data/files:ro`, `${exchange}:${exchangePath}`],
      },
      [options.toolbox ?? this.#toolbox, 'backup'],
    );
    await this.#containers.put(name, '/run/job/spec.json', JSON.stringify(input));
    await this.docker.run(['start', name]);
    return { name, companion, exchange };
  }

  /** Waits for the end of a job; one that does not end within `timeoutSeconds` tells how far it is. */
  async finish(run: JobRun, timeoutSeconds = 240): Promise<JobOutcome> {
    const exitCode = Number(
      await this.docker.run(['wait', run.name], { timeoutSeconds }).catch(async (cause: unknown) => {
        const log = await this.docker.run(['logs', '--tail', '10', run.name]);
        throw new Error(`${run.name} has not ended after ${timeoutSeconds} s; it said last:\n${log}`, {
          cause,
        });
      }),
    );
    const log = await this.docker.run(['logs', run.name]);
    const lines = log
      .split('\n')
      .filter(Boolean)
      .map(
        (line) =>
          JSON.parse(line) as {
            progress?: JobOutcome['progress'][number];
            result?: JobOutcome['result'];
            error?: JobOutcome['error'];
          },
      );
    const last = lines.at(-1) ?? {};
    return {
      exitCode,
      log,
      progress: lines.flatMap(({ progress }) => (progress === undefined ? [] : [progress])),
      ...optional({ result: last.result, error: last.error }),
    };
  }

  /** Restores a physical backup into a volume of its own. */
  async restore(input: RestoreJobInput, volume: string, options: RestoreOptions = {}): Promise<JobOutcome> {
    const name = `${this.name}-job-${++this.#jobs}`;
    const run: JobRun = { name, companion: `${name}-companion`, exchange: `${name}-exchange` };
    for (const each of [volume, run.exchange])
      await this.docker.run(['volume', 'create', '--label', this.#label, each]);
    const [shell = '', ...rest] = companionEntrypoint;
    try {
      await this.#containers.make(
        'create',
        `${name}-companion`,
        {
          network: 'none',
          user: '0',
          entrypoint: shell,
          volumes: [`${volume}:/var/lib/mysql`, `${run.exchange}:${exchangePath}`],
        },
        [options.preparing ?? this.image, ...rest, prepareScript],
      );
      for (const { path, content } of [
        prepareFile(stagedDatabase('/var/lib/mysql')),
        ...(options.companionFiles ?? []),
      ])
        await this.#containers.put(`${name}-companion`, path, content);
      await this.docker.run(['start', `${name}-companion`]);
      await this.#containers.make(
        'create',
        name,
        { memory: '288m', volumes: [`${volume}:/database`, `${run.exchange}:${exchangePath}`] },
        [this.#toolbox, 'restore'],
      );
      await this.#containers.put(name, '/run/job/spec.json', JSON.stringify(input));
      await this.docker.run(['start', name]);
      return await this.finish(run);
    } finally {
      await this.remove(run);
    }
  }

  /** Loads a logical backup into a server that {@link serve} started, whatever that holds. */
  async load(server: string, backup: RestoreJobInput['backup']): Promise<JobOutcome> {
    const name = `${this.name}-job-${++this.#jobs}`;
    const { rootPassword } = this;
    const { schemas } = this.databaseInput('Logical');
    const database = { kind: 'Logical', host: server, port: 3306, rootPassword, schemas } as const;
    const input: RestoreJobInput = {
      type: 'restore',
      loadID: name,
      onData: 'Replace',
      backup,
      database,
      fileTrees: [],
      limits: {},
    };
    await this.#containers.make('create', name, { memory: '300m' }, [this.#toolbox, 'restore']);
    await this.#containers.put(name, '/run/job/spec.json', JSON.stringify(input));
    await this.docker.run(['start', name]);
    try {
      return await this.finish({ name, companion: undefined, exchange: '' });
    } finally {
      await this.docker.remove(name);
    }
  }

  /** Starts another server over a volume. Call `close` of the stage when all is done. */
  async serve(volume: string, image = this.image): Promise<string> {
    const server = `${volume}-server`;
    await this.#containers.make(
      'run',
      server,
      { volumes: [`${volume}:/var/lib/mysql`, `${this.#secrets}:/run/secrets:ro`] },
      [image],
    );
    await this.#healthy(server);
    return server;
  }

  /** A container beside the database, with its files and credentials at hand. It is not started. */
  async createPeer(image: string, script: string): Promise<string> {
    const name = `${this.name}-peer-${++this.#jobs}`;
    await this.docker.run(['volume', 'create', '--label', this.#label, `${this.name}-peers`]);
    await this.#containers.make(
      'create',
      name,
      {
        user: '0',
        entrypoint: 'bash',
        volumes: [`${this.dataVolume}:/var/lib/mysql:ro`, `${this.name}-peers:/peers`],
      },
      [image, '-o', 'pipefail', '-ec', script],
    );
    const [{ content = '' } = {}] = backupOptionFiles(this.#server);
    await this.#containers.put(
      name,
      optionFilePath,
      `${content}${content.replace('[mariabackup]', '[client]')}`,
    );
    return name;
  }

  /** Removes the parts of the job. */
  async remove(run: JobRun): Promise<void> {
    for (const name of [run.name, run.companion]) if (name !== undefined) await this.docker.remove(name);
    await this.docker.run(['volume', 'rm', '-f', run.exchange]);
  }
}
