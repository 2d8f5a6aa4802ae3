/**
 * Where an API server is and who we are there: from kubeconfig files (as kubectl reads them) or a pod's service account.
 * Read here and not by client-node, which loads its 700 generated models with it: 70 MB of memory, measured, for a YAML
 * file. Ways to log in that need a program or a dialogue are still left to it (`delegated-login.ts`).
 */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';

/** A file's content, or the content itself. */
export type Material = { readonly file: string } | { readonly text: string };

export interface Login {
  readonly headers: Readonly<Record<string, string>>;
  /** PEM texts. */
  readonly tls: {
    readonly ca: string | undefined;
    readonly cert: string | undefined;
    readonly key: string | undefined;
  };
}

export interface ClusterAccess {
  /** URL, without a slash at its end. */
  readonly server: string;
  readonly namespace?: string;
  readonly certificateAuthority?: Material;
  readonly serverName?: string;
  readonly serverTrust: 'Verify' | 'Insecure';
  readonly proxyURL?: string;
  readonly clientCertificate?: Material;
  readonly clientKey?: Material;
  readonly token?: Material;
  readonly basic?: { readonly username: string; readonly password: string };
  readonly impersonate?: string;
  /** Set when only client-node knows how to log in (exec plug-ins, OIDC, cloud providers). */
  readonly delegatedLogin?: { readonly files: readonly string[]; readonly context: string };
}

interface Named<T> {
  readonly name: string;
  readonly value: T;
  readonly directory: string;
}

type Fields = Readonly<Record<string, unknown>>;

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The service account of the pod that this process runs in; undefined outside of one. */
export function serviceAccountAccess(
  environment: NodeJS.ProcessEnv = process.env,
  directory = SERVICE_ACCOUNT,
): ClusterAccess | undefined {
  const host = environment['KUBERNETES_SERVICE_HOST'];
  const port = environment['KUBERNETES_SERVICE_PORT'] ?? '443';
  if (host === undefined || host === '' || !existsSync(join(directory, 'token'))) return undefined;
  const namespaceFile = join(directory, 'namespace');
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    certificateAuthority: { file: join(directory, 'ca.crt') },
    serverTrust: 'Verify',
    token: { file: join(directory, 'token') },
    ...(existsSync(namespaceFile) ? { namespace: readFileSync(namespaceFile, 'utf8').trim() } : {}),
  };
}

/** The files of KUBECONFIG, else ~/.kube/config. */
export function defaultKubeconfigFiles(environment: NodeJS.ProcessEnv = process.env): readonly string[] {
  const named = (environment['KUBECONFIG'] ?? '')
    .split(delimiter)
    .filter((file) => file !== '' && existsSync(file));
  return named.length > 0 ? named : [join(homedir(), '.kube', 'config')];
}

/** What a context of these files (default: the current one) says; of things with one name the first counts, as for kubectl. */
export function kubeconfigAccess(files: readonly string[], wantedContext?: string): ClusterAccess {
  const where = files.join(', ');
  const clusters: Named<Fields>[] = [];
  const users: Named<Fields>[] = [];
  const contexts: Named<Fields>[] = [];
  let current = wantedContext;
  for (const file of files) {
    const document = fieldsOf(parseFile(file));
    const directory = dirname(resolve(file));
    clusters.push(...namedOf(document['clusters'], 'cluster', directory));
    users.push(...namedOf(document['users'], 'user', directory));
    contexts.push(...namedOf(document['contexts'], 'context', directory));
    current ??= textOf(document['current-context']);
  }
  if (current === undefined)
    throw new Error(
      `kubeconfig ${where}: no current-context; choose one with \`kubectl config use-context\``,
    );
  const context = pick(contexts, current, 'context', where).value;
  const cluster = pick(clusters, textOf(context['cluster']) ?? '', 'cluster', where);
  const userName = textOf(context['user']);
  const user = userName === undefined ? undefined : pick(users, userName, 'user', where);
  const server = textOf(cluster.value['server']);
  if (server === undefined) throw new Error(`kubeconfig ${where}: cluster "${cluster.name}" has no server`);
  return {
    server: server.replace(/\/+$/, ''),
    serverTrust: cluster.value['insecure-skip-tls-verify'] === true ? 'Insecure' : 'Verify',
    ...optional('namespace', textOf(context['namespace'])),
    ...optional('certificateAuthority', materialOf(cluster, 'certificate-authority')),
    ...optional('serverName', textOf(cluster.value['tls-server-name'])),
    ...optional('proxyURL', textOf(cluster.value['proxy-url'])),
    ...(user === undefined ? {} : userAccess(user, { files, context: current })),
  };
}

/** Names of all contexts in these files. */
export function contextNames(files: readonly string[]): readonly string[] {
  return [
    ...new Set(
      files.flatMap((file) =>
        namedOf(fieldsOf(parseFile(file))['contexts'], 'context', '').map(({ name }) => name),
      ),
    ),
  ];
}

function userAccess(
  user: Named<Fields>,
  chosen: NonNullable<ClusterAccess['delegatedLogin']>,
): Partial<ClusterAccess> {
  const { value, directory } = user;
  const username = textOf(value['username']);
  const token = textOf(value['token']);
  const tokenFile = textOf(value['tokenFile']);
  return {
    ...optional('clientCertificate', materialOf(user, 'client-certificate')),
    ...optional('clientKey', materialOf(user, 'client-key')),
    ...optional(
      'token',
      tokenFile === undefined
        ? token === undefined
          ? undefined
          : { text: token }
        : { file: resolve(directory, tokenFile) },
    ),
    ...optional(
      'basic',
      username === undefined ? undefined : { username, password: textOf(value['password']) ?? '' },
    ),
    ...optional('impersonate', textOf(value['as'])),
    ...(value['exec'] === undefined && value['auth-provider'] === undefined
      ? {}
      : { delegatedLogin: chosen }),
  };
}

function parseFile(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(
      `kubeconfig ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function namedOf(list: unknown, field: string, directory: string): Named<Fields>[] {
  if (!Array.isArray(list)) return [];
  return list.map((entry: unknown) => ({
    name: textOf(fieldsOf(entry)['name']) ?? '',
    value: fieldsOf(fieldsOf(entry)[field]),
    directory,
  }));
}

function pick(list: readonly Named<Fields>[], name: string, what: string, where: string): Named<Fields> {
  const found = list.find((each) => each.name === name);
  if (found === undefined)
    throw new Error(
      `kubeconfig ${where}: there is no ${what} "${name}"; present: ${list.map((each) => each.name).join(', ') || 'none'}`,
    );
  return found;
}

/** `<field>-data` in base64, or the file that `<field>` names, relative to the kubeconfig. */
function materialOf({ value, directory }: Named<Fields>, field: string): Material | undefined {
  const data = textOf(value[`${field}-data`]);
  if (data !== undefined) return { text: Buffer.from(data, 'base64').toString('utf8') };
  const file = textOf(value[field]);
  return file === undefined ? undefined : { file: resolve(directory, file) };
}

function optional<K extends keyof ClusterAccess>(
  name: K,
  value: ClusterAccess[K] | undefined,
): Partial<ClusterAccess> {
  return value === undefined ? {} : { [name]: value };
}
