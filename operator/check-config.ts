/**
 * What flags and environment say is checked as a whole, before anything else happens: each flag by itself was checked when it
 * was parsed. And what is written to the log of it. Pure.
 */

import { ConfigError, type OperatorConfig } from './config.ts';

const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const objectName = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const imageName = /^[^\s@]+(@sha256:[0-9a-f]{64})?$/;
/** The Lease's annotations separate it from other words by a space. */
const word = /^[\w.:-]{1,200}$/;
const header = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;

/** @throws {ConfigError} that names the flags, and the environment where it may have come from there. */
export function checkConfig(config: OperatorConfig): OperatorConfig {
  const { namespaces, leaseNamespace, leaseName, identity, schedulePods, healthPort, web } = config;
  if (namespaces !== 'All') {
    for (const name of namespaces) requireMatch('--namespace', name, label, 'the name of a namespace');
    const twice = namespaces.find((name, index) => namespaces.indexOf(name) !== index);
    if (twice !== undefined) throw new ConfigError(`--namespace names ${twice} twice: remove one of them`);
  }
  requireMatch('--lease-namespace (POD_NAMESPACE)', leaseNamespace, label, 'the name of a namespace');
  requireMatch('--lease-name', leaseName, objectName, 'the name of a Lease');
  requireMatch(
    '--identity (POD_NAME)',
    identity,
    word,
    'one word of at most 190 letters, digits, ".", ":" and "-"',
  );
  if (schedulePods !== undefined) {
    requireMatch('--image (OPERATOR_IMAGE)', schedulePods.image, imageName, 'an image');
    requireMatch(
      '--backup-service-account (BACKUP_SERVICE_ACCOUNT)',
      schedulePods.serviceAccount,
      objectName,
      'the name of a ServiceAccount',
    );
  }
  const { shards, backupsAtOnce } = config;
  if (backupsAtOnce < shards)
    throw new ConfigError(
      `--backups-at-once ${backupsAtOnce} is less than --shards ${shards}: each shard needs one; raise it, or use fewer shards`,
    );
  if (config.auditLog?.trim() === '')
    throw new ConfigError('--audit-log is empty: name a file, - for standard output, or leave it out');
  if (web !== undefined) checkWeb(web, healthPort);
  return config;
}

function checkWeb({ port, proxy }: NonNullable<OperatorConfig['web']>, healthPort: number): void {
  if (port !== 0 && port === healthPort)
    throw new ConfigError(
      `--web-port and --health-port are both ${port}: whoever reaches the page would not reach the metrics; give them different ports`,
    );
  if (proxy === undefined) return;
  const names = [
    ['--web-secret-header', proxy.secretHeader],
    ['--web-user-header', proxy.userHeader],
    ['--web-groups-header', proxy.groupsHeader],
  ] as const;
  for (const [flag, name] of names) requireMatch(flag, name, header, 'the name of a header');
  if (new Set(names.map(([, name]) => name)).size < names.length)
    throw new ConfigError(
      `${names.map(([flag]) => flag).join(', ')} must be three headers: one that stood for two would let users name themselves`,
    );
}

function requireMatch(flag: string, value: string, pattern: RegExp, what: string): void {
  if (pattern.test(value)) return;
  throw new ConfigError(
    value === ''
      ? `${flag} is empty: it has to be ${what}`
      : `${flag}: ${JSON.stringify(value.slice(0, 80))} is not ${what}`,
  );
}

/** For the log, with nothing in it that is secret. */
export function shownConfig({
  web,
  releaseKey,
  endpoints,
  hostAddresses: _addresses,
  toolboxImage: { repository, tag, digest },
  ...plain
}: OperatorConfig): Readonly<Record<string, unknown>> {
  return {
    ...plain,
    toolboxImage: `${repository}:${tag}@${digest}`,
    releases: releaseKey === undefined ? 'Unsigned' : 'Signed',
    allowsHTTPStores: endpoints.allowsHTTP,
    ...(web === undefined
      ? {}
      : { web: { port: web.port, hosts: web.hosts, signIn: web.proxy === undefined ? 'Token' : 'Proxy' } }),
  };
}
