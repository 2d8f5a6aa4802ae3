/**
 * Logs in with a program (`exec` in a kubeconfig). client-node 2.0.1 runs it without KUBERNETES_EXEC_INFO and
 * without a terminal, so programs that need either fail. This authenticator provides both.
 */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { KubeConfig } from '@kubernetes/client-node';
import { fieldsOf, textOf, type Fields } from './kubeconfig.ts';

type Authenticator = Parameters<KubeConfig['addAuthenticator']>[0];

/** For a program that nobody can answer. A person may take as long as the caller waits. */
const unattendedSeconds = 60;
const longestAnswer = 1024 * 1024;
const longestComplaint = 2_000;

interface Credential {
  readonly token: string | undefined;
  /** PEM texts. */
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** In milliseconds; undefined means until the server refuses it. */
  readonly expires: number | undefined;
}

export class ExecLogin implements Authenticator {
  readonly #exec: Fields;
  readonly #cluster: Fields;
  readonly #terminal: boolean;
  #kept: Promise<Credential> | undefined;

  /** @param terminal whether a person sits at this process's standard input. */
  constructor(exec: Fields, cluster: Fields, terminal = process.stdin.isTTY) {
    this.#exec = exec;
    this.#cluster = cluster;
    this.#terminal = terminal;
  }

  /** There is one user, added only if it has one of these. */
  isAuthProvider(): boolean {
    return true;
  }

  async applyAuthentication(
    _user: Parameters<Authenticator['applyAuthentication']>[0],
    options: Parameters<Authenticator['applyAuthentication']>[1],
  ): Promise<void> {
    const { token, cert, key } = await this.#credential();
    if (token !== undefined) options.headers = { ...options.headers, Authorization: `Bearer ${token}` };
    if (cert !== undefined) options.cert = cert;
    if (key !== undefined) options.key = key;
  }

  /** Asks the program again at the next call, because the server has refused its answer. */
  forget(): void {
    this.#kept = undefined;
  }

  /** Calls at the same time share one run. */
  async #credential(): Promise<Credential> {
    const kept = this.#kept;
    if (kept !== undefined) {
      const { expires } = await kept;
      if (expires === undefined || expires > Date.now()) return await kept;
      if (this.#kept === kept) this.#kept = undefined;
    }
    const asked = (this.#kept ??= this.#ask());
    try {
      return await asked;
    } catch (error) {
      if (this.#kept === asked) this.#kept = undefined;
      throw error;
    }
  }

  async #ask(): Promise<Credential> {
    const command = textOf(this.#exec['command']);
    if (command === undefined) throw new Error('kubeconfig: the exec of the user names no command');
    const mode = textOf(this.#exec['interactiveMode']) ?? 'IfAvailable';
    if (mode === 'Always' && !this.#terminal)
      throw new Error(`the login program ${command} needs a terminal, and there is none`);
    const interactive = mode !== 'Never' && this.#terminal;
    const answer = await run(command, {
      args: listOf(this.#exec['args']).map(String),
      env: {
        ...process.env,
        ...environmentOf(this.#exec),
        KUBERNETES_EXEC_INFO: await this.#info(interactive),
      },
      interactive,
      hint: textOf(this.#exec['installHint']),
    });
    return credentialOf(answer, command);
  }

  /** The program's input, as `client.authentication.k8s.io` describes it. */
  async #info(interactive: boolean): Promise<string> {
    const wanted = this.#exec['provideClusterInfo'] === true;
    const cluster = wanted ? { cluster: await clusterInfo(this.#cluster) } : {};
    return JSON.stringify({
      kind: 'ExecCredential',
      apiVersion: this.#exec['apiVersion'],
      spec: { ...cluster, interactive },
    });
  }
}

async function clusterInfo(cluster: Fields): Promise<Fields> {
  const named = ['server', 'tls-server-name', 'insecure-skip-tls-verify', 'certificate-authority-data'];
  const told = [...named, 'proxy-url', 'disable-compression'].filter((field) => field in cluster);
  const file = textOf(cluster['certificate-authority']);
  const extension = listOf(cluster['extensions'])
    .map(fieldsOf)
    .find(({ name }) => name === 'client.authentication.k8s.io/exec');
  return {
    ...(file === undefined ? {} : { 'certificate-authority-data': await readFile(file, 'base64') }),
    ...Object.fromEntries(told.map((field) => [field, cluster[field]])),
    ...(extension === undefined ? {} : { config: extension['extension'] }),
  };
}

function environmentOf(exec: Fields): NodeJS.ProcessEnv {
  return Object.fromEntries(
    listOf(exec['env'])
      .map(fieldsOf)
      .map(({ name, value }) => [String(name), String(value ?? '')]),
  );
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

interface Run {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly interactive: boolean;
  readonly hint: string | undefined;
}

/**
 * Returns its standard output. Its standard error goes to the person at the terminal, else into the error.
 */
async function run(command: string, { args, env, interactive, hint }: Run): Promise<string> {
  const forPeople = interactive ? 'inherit' : 'pipe';
  const child = spawn(command, args, {
    env,
    stdio: [interactive ? 'inherit' : 'ignore', 'pipe', forPeople],
    ...(interactive ? {} : { timeout: unattendedSeconds * 1000 }),
  });
  const ended = new Promise<string | undefined>((resolve, reject) => {
    child.once('error', (error) =>
      reject(
        new Error(`the login program ${command} cannot be run: ${error.message}${hint ? `; ${hint}` : ''}`, {
          cause: error,
        }),
      ),
    );
    child.once('close', (code, signal) => resolve(code === 0 ? undefined : (signal ?? `exit code ${code}`)));
  });
  const [answer, complaint, failure] = await Promise.all([
    firstOf(child.stdout, longestAnswer),
    firstOf(child.stderr, longestComplaint),
    ended,
  ]);
  if (failure !== undefined)
    throw new Error(`the login program ${command} failed (${failure}): ${complaint.trim()}`.trimEnd());
  return answer;
}

/** Returns the beginning of a stream, but reads it to its end. */
async function firstOf(stream: Readable | null, characters: number): Promise<string> {
  if (stream === null) return '';
  let text = '';
  stream.setEncoding('utf8');
  for await (const chunk of stream) if (text.length < characters) text += String(chunk);
  return text.slice(0, characters);
}

/** The answer is secret. If it is not valid, nothing of it is repeated. */
function credentialOf(answer: string, command: string): Credential {
  let status: Fields;
  try {
    status = fieldsOf(fieldsOf(JSON.parse(answer))['status']);
  } catch {
    throw new Error(`the login program ${command} did not print an ExecCredential in JSON`);
  }
  const token = textOf(status['token']);
  const [cert, key] = [textOf(status['clientCertificateData']), textOf(status['clientKeyData'])];
  if (token === undefined && (cert === undefined || key === undefined))
    throw new Error(`the ExecCredential of ${command} has neither a token nor a certificate with its key`);
  const expires = Date.parse(textOf(status['expirationTimestamp']) ?? '');
  return { token, cert, key, expires: Number.isNaN(expires) ? undefined : expires };
}
