/**
 * Finds the cluster and the user that a set of kubeconfig files means, merged as kubectl does. client-node
 * throws if two files have an entry of one name, and if the first file of KUBECONFIG is missing. It still
 * interprets the fields.
 */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';

export type Fields = Readonly<Record<string, unknown>>;

/** One context of kubeconfigs: fields as kubectl documents them, files with absolute paths. */
export interface KubeAccess {
  readonly cluster: Fields;
  readonly user: Fields;
  readonly namespace?: string | undefined;
}

interface Named {
  readonly name: string;
  readonly value: Fields;
}

/** Fields that name a file, relative to their kubeconfig. */
const fileFields = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'];

/** The existing files of KUBECONFIG, else ~/.kube/config. */
export function defaultKubeconfigFiles(environment: NodeJS.ProcessEnv = process.env): readonly string[] {
  const named = (environment['KUBECONFIG'] ?? '')
    .split(delimiter)
    .filter((file) => file !== '' && existsSync(file));
  return named.length > 0 ? named : [join(homedir(), '.kube', 'config')];
}

/**
 * The meaning of a context in these files (default: the current one). Of entries with one name the first
 * counts, as in kubectl.
 * @throws {Error} that names the files and what is missing in them.
 */
export function kubeconfigAccess(files: readonly string[], wantedContext?: string): KubeAccess {
  const where = `kubeconfig ${files.join(', ')}`;
  const documents = files.map((file) => ({ directory: dirname(resolve(file)), fields: parseFile(file) }));
  const all = (list: string, field: string): readonly Named[] =>
    documents.flatMap(({ fields, directory }) => namedOf(fields[list], field, directory));
  const current =
    wantedContext ?? documents.map(({ fields }) => textOf(fields['current-context'])).find(Boolean);
  if (current === undefined)
    throw new Error(`${where}: no current-context; choose one with \`kubectl config use-context\``);
  const context = pick(all('contexts', 'context'), current, 'context', where);
  const cluster = pick(all('clusters', 'cluster'), textOf(context['cluster']) ?? '', 'cluster', where);
  const userName = textOf(context['user']);
  const user = userName === undefined ? {} : pick(all('users', 'user'), userName, 'user', where);
  if (textOf(cluster['server']) === undefined)
    throw new Error(`${where}: cluster "${textOf(context['cluster'])}" has no server`);
  return { cluster, user, namespace: textOf(context['namespace']) };
}

/** Names of all contexts in these files. */
export function contextNames(files: readonly string[]): readonly string[] {
  const names = files.flatMap((file) => namedOf(parseFile(file)['contexts'], 'context', ''));
  return [...new Set(names.map(({ name }) => name))];
}

function parseFile(file: string): Fields {
  try {
    return fieldsOf(parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new Error(
      `kubeconfig ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function namedOf(list: unknown, field: string, directory: string): readonly Named[] {
  if (!Array.isArray(list)) return [];
  return list.map((entry: unknown) => ({
    name: textOf(fieldsOf(entry)['name']) ?? '',
    value: withPaths(fieldsOf(fieldsOf(entry)[field]), directory),
  }));
}

function withPaths(fields: Fields, directory: string): Fields {
  const files = fileFields.flatMap((field) => {
    const file = textOf(fields[field]);
    return file === undefined ? [] : [[field, resolve(directory, file)]];
  });
  const exec = fieldsOf(fields['exec']);
  const command = textOf(exec['command']);
  // A path is relative to the kubeconfig; a bare name is looked up in the PATH.
  const program =
    command?.includes('/') === true ? { exec: { ...exec, command: resolve(directory, command) } } : {};
  return { ...fields, ...Object.fromEntries(files), ...program };
}

function pick(list: readonly Named[], name: string, what: string, where: string): Fields {
  const found = list.find((each) => each.name === name);
  if (found !== undefined) return found.value;
  const present = list.map((each) => each.name).join(', ') || 'none';
  throw new Error(`${where}: there is no ${what} "${name}"; present: ${present}`);
}
