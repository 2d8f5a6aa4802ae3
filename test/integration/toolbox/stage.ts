/**
 * Everything the toolbox's jobs need around them: a real MariaDB, a volume for files, a server that gives
 * data sets.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { buildOlderDatabase, buildStandIns, olderDatabaseImage } from '../../../sandbox/stand-ins/images.ts';
import { buildToolbox, toolboxImage } from '../../../images/images.ts';
import type { VanillaSet } from '../../../jobs/load.ts';
import { ensureBaseImage, ensureNodeImage } from '../../../kit/base-image.ts';
import { ensureDocker } from '../../../kit/docker-daemon.ts';
import type { Docker } from '../../../kit/docker.ts';
import { sandboxLabel } from '../../../kit/docker.ts';
import { silentProgress } from '../../../kit/progress.ts';
import { waitFor } from '../../support/wait.ts';
import { checkedResult } from '../../support/backup/job-result.ts';
import type { JobInput } from '../../../jobs/job.ts';
import { optional } from '../../../base/optional.ts';

const label = `${sandboxLabel}=toolbox-test`;
const databaseImage = 'jtel/acd-dbm:3.43.1';
const clientFile = '--defaults-file=/dev/shm/jtel/client.cnf';

/** What a finished job container left behind. */
export interface Outcome {
  readonly exitCode: number;
  readonly lines: readonly string[];
  readonly progress: readonly { readonly step: string; readonly percent: number }[];
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly reason: string; readonly message: string };
}

export interface Served {
  readonly content: Buffer;
  /** Breaks the connection once after this many bytes. */
  breakAfterBytes?: number;
}

export class Stage {
  readonly docker: Docker;
  readonly #name = `toolbox-test-${randomBytes(4).toString('hex')}`;
  /** Contains everything that quoting could get wrong. */
  readonly rootPassword = `ro"ot\\pw'x$1\` ${randomBytes(4).toString('hex')}`;
  readonly served = new Map<string, Served>();
  /** Requests that the data server received, as `path range`. */
  readonly requests: string[] = [];
  #server: Server | undefined;
  #origin = '';
  #secrets = '';
  #jobs = 0;

  private constructor(docker: Docker) {
    this.docker = docker;
  }

  static async open(): Promise<Stage> {
    const docker = await ensureDocker(silentProgress);
    await ensureBaseImage(docker, silentProgress);
    await ensureNodeImage(docker, silentProgress);
    await buildStandIns(docker, silentProgress, ['3.43.1']);
    await buildToolbox(docker, silentProgress);
    const stage = new Stage(docker);
    await stage.#start();
    return stage;
  }

  get #database(): string {
    return `${this.#name}-dbm`;
  }

  get #volume(): string {
    return `${this.#name}-files`;
  }

  async #start(): Promise<void> {
    this.#secrets = await mkdtemp(join(tmpdir(), 'toolbox-test-'));
    await writeFile(join(this.#secrets, 'database-root-password'), this.rootPassword, { mode: 0o600 });
    await writeFile(join(this.#secrets, 'database-app-password'), 'app-password', { mode: 0o600 });
    await this.docker.run(['network', 'create', '--label', label, this.#name]);
    const gateway = await this.docker.run([
      'network',
      'inspect',
      this.#name,
      '--format',
      '{{(index .IPAM.Config 0).Gateway}}',
    ]);
    await this.#serve(this.#database, 'acd-dbm', databaseImage);
    this.#server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
      this.requests.push(`${url.pathname} ${request.headers.range ?? ''}`.trim());
      const served = this.served.get(url.pathname);
      if (served === undefined || url.searchParams.get('sig') !== 'canary-signature') {
        response.writeHead(served === undefined ? 404 : 403).end();
        return;
      }
      const start = Number(range ?? 0);
      const rest = served.content.subarray(start);
      response.writeHead(range === undefined ? 200 : 206, { 'content-length': rest.length });
      const { breakAfterBytes } = served;
      if (breakAfterBytes === undefined) {
        response.end(rest);
        return;
      }
      delete served.breakAfterBytes;
      response.write(rest.subarray(0, breakAfterBytes), () => response.destroy());
    });
    await new Promise<void>((resolve) => this.#server?.listen(0, gateway, resolve));
    this.#origin = `http://${gateway}:${(this.#server.address() as AddressInfo).port}`;
    await this.#healthy(this.#database);
  }

  async #serve(name: string, alias: string, image: string): Promise<void> {
    const options = ['--name', name, '--label', label, '--network', this.#name, '--network-alias', alias];
    const places = ['--tmpfs', '/var/lib/mysql', '-v', `${this.#secrets}:/run/secrets:ro`];
    await this.docker.run(['run', '-d', ...options, ...places, image]);
  }

  async #healthy(name: string): Promise<void> {
    const isHealthy = async (): Promise<boolean> =>
      (await this.docker.tryRun(['exec', name, 'healthy'])).code === 0;
    await waitFor(`the database ${name}`, isHealthy, { timeoutSeconds: 180 });
  }

  /** Name of {@link startOld}'s server. Jobs reach it as `old`. */
  get old(): string {
    return `${this.#name}-old`;
  }

  /** A second server, of an older series, for what is imported. */
  async startOld(): Promise<void> {
    await buildOlderDatabase(this.docker, silentProgress);
    await this.#serve(this.old, 'old', olderDatabaseImage);
    await this.#healthy(this.old);
  }

  async close(): Promise<void> {
    this.#server?.closeAllConnections();
    this.#server?.close();
    const jobs = await this.docker.run(['ps', '-aq', '--filter', `network=${this.#name}`]);
    for (const id of jobs.split('\n').filter(Boolean)) await this.docker.remove(id);
    await this.docker.tryRun(['volume', 'rm', '-f', this.#volume]);
    await this.docker.run(['network', 'rm', this.#name]);
    await rm(this.#secrets, { recursive: true, force: true });
  }

  /** An empty database, an empty volume, no data sets, no requests. */
  async reset(): Promise<void> {
    await this.sql(
      'DROP DATABASE IF EXISTS jtel; DROP DATABASE IF EXISTS jtelstats; DROP DATABASE IF EXISTS jtel_operator; DROP DATABASE IF EXISTS other',
    );
    for (const id of (await this.docker.run(['ps', '-aq', '--filter', `volume=${this.#volume}`]))
      .split('\n')
      .filter(Boolean))
      await this.docker.remove(id);
    await this.docker.tryRun(['volume', 'rm', '-f', this.#volume]);
    await this.docker.run(['volume', 'create', '--label', label, this.#volume]);
    this.served.clear();
    this.requests.length = 0;
  }

  async sql(statements: string, server = this.#database): Promise<string> {
    return await this.docker.exec(server, ['mariadb', clientFile, '--batch', '--skip-column-names'], {
      input: statements,
    });
  }

  /** Runs a shell command as root; it sees the file tree at /tree. */
  async inTree(command: string): Promise<string> {
    return await this.docker.run([
      'run',
      '--rm',
      '--label',
      label,
      '--network',
      'none',
      '-v',
      `${this.#volume}:/tree`,
      '--entrypoint',
      'sh',
      toolboxImage,
      '-c',
      `cd /tree && ${command}`,
    ]);
  }

  /** Puts a data set on the server. The digest is that of `content`, unless the caller names another. */
  serve(kind: VanillaSet['kind'], content: Buffer, claimed: Buffer = content): VanillaSet {
    const path = `/vanilla/${kind.toLowerCase()}-${this.served.size}.zst`;
    this.served.set(path, { content });
    return {
      kind,
      ...(kind === 'FileTree' ? { name: 'files' } : {}),
      url: `${this.#origin}${path}?sig=canary-signature`,
      bytes: claimed.length,
      sha256: createHash('sha256').update(claimed).digest('hex'),
    };
  }

  spec(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    return {
      database: {
        host: 'acd-dbm',
        port: 3306,
        rootPassword: this.rootPassword,
        schemas: ['jtel', 'jtelstats'],
      },
      fileTrees: [{ name: 'files', path: '/data/files', uid: 1000, gid: 1000 }],
      ...fields,
    };
  }

  loadSpec(loadID: string, dataSets: readonly VanillaSet[]): Readonly<Record<string, unknown>> {
    return this.spec({ type: 'load', loadID, dataSets });
  }

  /** Starts a job as the operator does: create, put the input in, start. Returns the container's name. */
  async start(spec: Readonly<Record<string, unknown>>): Promise<string> {
    const name = `${this.#name}-job-${++this.#jobs}`;
    await this.docker.run([
      'create',
      '--name',
      name,
      '--label',
      label,
      '--network',
      this.#name,
      '--memory',
      '256m',
      '-v',
      `${this.#volume}:/data/files`,
      toolboxImage,
      String(spec['type']),
    ]);
    const archive = pack();
    archive.entry({ name: 'run/job/', type: 'directory', mode: 0o700 });
    archive.entry({ name: 'run/job/spec.json', mode: 0o600 }, JSON.stringify(spec));
    archive.finalize();
    await this.docker.run(['cp', '-', `${name}:/`], { input: await buffer(archive) });
    await this.docker.run(['start', name]);
    return name;
  }

  async lines(job: string): Promise<readonly string[]> {
    return (await this.docker.run(['logs', job])).split('\n').filter(Boolean);
  }

  async finish(job: string): Promise<Outcome> {
    const exitCode = Number(await this.docker.run(['wait', job]));
    const lines = await this.lines(job);
    const parsed = lines.map(
      (line) => JSON.parse(line) as Partial<Outcome> & { progress?: Outcome['progress'][number] },
    );
    const last = parsed.at(-1) ?? {};
    return {
      exitCode,
      lines,
      progress: parsed.flatMap((line) => (line.progress === undefined ? [] : [line.progress])),
      ...optional({ result: last.result, error: last.error }),
    };
  }

  async run(spec: Readonly<Record<string, unknown>>): Promise<Outcome> {
    const outcome = await this.finish(await this.start(spec));
    if (outcome.result !== undefined) checkedResult(spec['type'] as JobInput['type'], outcome.result);
    return outcome;
  }
}
