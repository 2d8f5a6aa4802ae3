/**
 * Everything that the campaign needs, for real: a sandbox with the product in it, the operator, Flux, a git server, and
 * examples/customer-repo on it. Its first customer is brought from nothing to Ready.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import type { JtelStack } from '../../../crds/index.ts';
import { repositoryDirectory } from '../../../kit/paths.ts';
import { run } from '../../../kit/process.ts';
import { Sandbox, lineProgress, type SandboxHost } from '../../../sandbox/index.ts';
import { Kubectl } from '../../../sandbox/installation/kubectl.ts';
import {
  installAccess,
  startOperatorProcess,
  type RunningOperator,
} from '../../../sandbox/installation/operator.ts';
import { publishProduct } from '../../../sandbox/installation/releases.ts';
import { waitFor } from '../../support/wait.ts';
import { fillIn, firstVersion } from './fill-in.ts';
import { Flux, fluxNamespace } from './flux.ts';
import { makeRepository, startGitServer, type GitServer } from './git-server.ts';
import { ensureFlux } from './programs.ts';
import { Repository } from './repository.ts';

/** Of the example: a namespace, a stack and a Kustomization have this name. */
export const customer = 'customer-a';
export const folder = `customers/${customer}`;

interface Parts {
  readonly sandbox: Sandbox;
  readonly kubectl: Kubectl;
  readonly operator: RunningOperator;
  readonly flux: Flux;
  readonly server: GitServer;
  readonly repository: Repository;
  readonly work: string;
}

export class Stage {
  readonly sandbox: Sandbox;
  readonly kubectl: Kubectl;
  readonly flux: Flux;
  readonly repository: Repository;
  readonly host: SandboxHost;
  /** What Flux said while the first commit was not carried out yet, as often as somebody looked. */
  readonly waited: readonly string[];
  readonly #parts: Parts;

  private constructor(parts: Parts, waited: string[]) {
    this.#parts = parts;
    this.waited = waited;
    this.sandbox = parts.sandbox;
    this.kubectl = parts.kubectl;
    this.flux = parts.flux;
    this.repository = parts.repository;
    this.host = parts.sandbox.host('host-1');
  }

  static async open(): Promise<Stage> {
    const progress = lineProgress();
    const programs = await ensureFlux();
    const sandbox = await Sandbox.up({ name: process.env['JTEL_SANDBOX'] || 'campaign', progress });
    const { toolbox } = await publishProduct(sandbox, progress);
    await installAccess(sandbox);
    const kubectl = await Kubectl.find(sandbox.kubeconfigPath);
    const work = await mkdtemp(join(sandbox.directory, 'flux-'));
    const server = await startGitServer(work);
    const operator = await startOperatorProcess(sandbox, { toolbox, name: 'flux' });
    const flux = await Flux.start(kubectl, work);
    const repository = await prepare(sandbox, kubectl, work, programs);
    const url = `${server.origin}/customers.git`;
    await repository.replace('clusters/flux/fleet.yaml', 'https://git.example/customers.git', url);
    await repository.commit('Bring in the first customers');
    await repository.pushTo(url);
    const waited: string[] = [];
    const stage = new Stage({ sandbox, kubectl, operator, flux, server, repository, work }, waited);
    await stage.#install(waited);
    return stage;
  }

  /** As docs/customer-repo.md says. */
  async #install(waited: string[]): Promise<void> {
    await this.kubectl.run(['apply', '-f', join(this.repository.folder, 'clusters/flux')]);
    await waitFor(
      () => `the stack to be Ready (${waited.at(-1)})`,
      async () => {
        const said = await this.flux.said(customer);
        const stack = await this.stack().catch(() => undefined);
        const isReady = stack?.status?.conditions?.some(
          (one) => one.type === 'Ready' && one.status === 'True',
        );
        if (isReady !== true) waited.push(said ?? '');
        return isReady;
      },
      { timeoutSeconds: 420, intervalMilliseconds: 1000 },
    );
    await this.settled(await this.repository.head());
  }

  async close(): Promise<void> {
    const { flux, operator, server, work } = this.#parts;
    await flux[Symbol.asyncDispose]();
    await operator.stop();
    await server[Symbol.asyncDispose]();
    await rm(work, { recursive: true, force: true });
  }

  /** Commits and pushes, and has Flux look. @returns the commit */
  async commit(subject: string): Promise<string> {
    const commit = await this.repository.commit(subject);
    await this.#publish();
    return commit;
  }

  /** Undoes the last commits, and has Flux look. @returns the commit that does */
  async revert(commits = 1): Promise<string> {
    const commit = await this.repository.revert(commits);
    await this.#publish();
    return commit;
  }

  async #publish(): Promise<void> {
    await this.repository.push();
    await this.flux.fetch();
  }

  /** Waits until Flux has applied the commit to the customer, and finds all of it as it should be. */
  async settled(commit: string, timeoutSeconds = 300): Promise<void> {
    await this.flux.until(customer, commit, 'ReconciliationSucceeded', timeoutSeconds);
  }

  /** As it lies in examples/, encrypted for the key that everybody knows. */
  async exampleFile(file: string): Promise<string> {
    return await readFile(join(repositoryDirectory, 'examples/customer-repo', file), 'utf8');
  }

  async secret(name: string): Promise<Readonly<Record<string, string>>> {
    const { data = {} } = await this.kubectl.json<{ readonly data?: Readonly<Record<string, string>> }>([
      'get',
      'secret',
      name,
      '-n',
      customer,
    ]);
    return Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
    );
  }

  stack(): Promise<JtelStack> {
    return this.kubectl.json<JtelStack>(['get', 'jtelstack', customer, '-n', customer]);
  }

  async untilStack<T>(what: string, seen: (stack: JtelStack) => T | undefined | false): Promise<T> {
    return await waitFor(what, async () => seen(await this.stack()), {
      timeoutSeconds: 240,
      intervalMilliseconds: 500,
    });
  }

  /** `docker ps` on the host: service and id of each container of the stack. */
  async containers(): Promise<readonly string[]> {
    const form = '{{.Label "com.docker.compose.service"}} {{.ID}}';
    const lines = await this.sandbox.docker.exec(this.host.container, ['docker', 'ps', '--format', form]);
    return lines.split('\n').filter(Boolean).toSorted();
  }

  /** A query in the stack's database. @returns one row */
  async query(sql: string): Promise<string> {
    const [, id = ''] =
      (await this.containers()).find((line) => line.startsWith('acd-dbm '))?.split(' ') ?? [];
    const client = ['mariadb', '--defaults-file=/dev/shm/jtel/client.cnf', '--batch', '--skip-column-names'];
    const command = ['docker', 'exec', '-i', id, ...client];
    return (await this.sandbox.docker.exec(this.host.container, command, { input: sql })).trim();
  }

  /** The name under which its web page says that people reach it. */
  async servedName(): Promise<string> {
    return await new Promise((resolve, reject) => {
      const options = {
        host: this.host.address,
        path: '/api/info',
        rejectUnauthorized: false, // its own certificate
        timeout: 10_000,
        agent: false,
      };
      request(options, (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () => resolve((JSON.parse(body) as { fqdn: string }).fqdn));
      })
        .on('error', reject)
        .end();
    });
  }
}

/** A working copy for this sandbox, and the age key in the cluster, as docs/customer-repo.md says. */
async function prepare(
  sandbox: Sandbox,
  kubectl: Kubectl,
  work: string,
  programs: Awaited<ReturnType<typeof ensureFlux>>,
): Promise<Repository> {
  const key = join(work, 'cluster.agekey');
  await run([programs['age-keygen'], '-o', key]);
  const publicKey = /public key: (age1\w+)/.exec(await readFile(key, 'utf8'))?.[1] ?? '';
  const repository = await Repository.copy(join(work, 'working-copy'), programs.sops, publicKey);
  await fillIn(repository, sandbox, firstVersion);
  await makeRepository(join(work, 'customers.git'));
  const secret = ['create', 'secret', 'generic', 'sops-age', `--from-file=age.agekey=${key}`];
  await kubectl.run(['delete', 'secret', 'sops-age', '-n', fluxNamespace, '--ignore-not-found']);
  await kubectl.run(['-n', fluxNamespace, ...secret]);
  return repository;
}

export interface FluxCase {
  readonly name: string;
  readonly run: (stage: Stage) => Promise<void>;
}
