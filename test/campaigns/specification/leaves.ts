/**
 * Every leaf of the JtelStack schema, read from the CRD, with what the campaign does to it. A new leaf of
 * the schema fails the campaign until it has an entry here.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { JtelStackSpec } from '../../../crds/index.ts';
import { repositoryDirectory } from '../../../kit/paths.ts';

/** A spec that a case may change freely. */
export type Draft = { -readonly [K in keyof JtelStackSpec]: unknown } & Record<string, unknown>;
type Change = (spec: Draft) => void;

export interface Leaf {
  /** Its path in the schema: `host.dns.hosts[].ip`. */
  readonly path: string;
  /** Another valid value. */
  readonly to?: Change;
  /** A value that the schema accepts and that still cannot be done. */
  readonly bad?: Change;
  /** `Switch`: says whether or how to work, not what for. So a fresh stack with it has nothing to compare. */
  readonly kind?: 'Switch';
}

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly enum?: readonly string[];
}

export interface SchemaLeaf {
  readonly path: string;
  /** The API server accepts only some words here. */
  readonly closed: boolean;
}

/** All leaves of `spec`, as the API server knows them. */
export function schemaLeaves(): readonly SchemaLeaf[] {
  const crd = parse(readFileSync(join(repositoryDirectory, 'crds/jtelstack.yaml'), 'utf8')) as {
    readonly spec: {
      readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[];
    };
  };
  const spec = crd.spec.versions[0]?.schema.openAPIV3Schema.properties?.['spec'];
  return spec === undefined ? [] : leavesOf(spec, '');
}

function leavesOf(schema: Schema, path: string): readonly SchemaLeaf[] {
  if (schema.properties !== undefined)
    return Object.entries(schema.properties).flatMap(([key, child]) =>
      leavesOf(child, path === '' ? key : `${path}.${key}`),
    );
  if (schema.items !== undefined) return leavesOf(schema.items, `${path}[]`);
  return [{ path, closed: schema.enum !== undefined }];
}

/** Sets a value by its path in the schema; in a list, it sets the first element. */
export function put(path: string, value: unknown): Change {
  return (spec) => {
    const keys = path.replaceAll('[]', '.0').split('.');
    let place: Record<string, unknown> = spec;
    for (const key of keys.slice(0, -1)) place = place[key] as Record<string, unknown>;
    place[keys.at(-1) ?? ''] = value;
  };
}

const otherFingerprint = `SHA256:${'B'.repeat(43)}`;
const to = (path: string, value: unknown, more: Partial<Leaf> = {}): Leaf => ({
  path,
  to: put(path, value),
  ...more,
});
const both = (path: string, value: unknown, bad: unknown): Leaf => ({
  path,
  to: put(path, value),
  bad: put(path, bad),
});
const bad = (path: string, value: unknown): Leaf => ({ path, bad: put(path, value) });

/** A channel instead of a version. */
function follow(name: string, channelWave?: string): Change {
  return (spec) => {
    delete spec.version;
    Object.assign(spec, { channelRef: { name } }, channelWave === undefined ? {} : { channelWave });
  };
}

/** Read only while there are no data. */
function imported(path: string, value: unknown): Leaf {
  const database = { address: '192.0.2.7', port: 3306, credentialsSecretRef: { name: 'old' }, schemas: [] };
  return {
    path,
    to: (spec) => {
      spec.initialData = { source: 'Vanilla', import: { database } };
      put(path, value)(spec);
    },
  };
}

/** Sorted as in the schema. A leaf that only other controllers read must change nothing here. */
export const leaves: readonly Leaf[] = [
  bad('version', '9.9.9'),
  { path: 'channelRef.name', bad: follow('nowhere') },
  { path: 'channelWave', bad: follow('nowhere', 'pilot') },
  to('size', 'Medium', { bad: put('size', 'Large') }),
  bad('releaseStoreRef.name', 'nowhere'),
  bad('host.address', '192.0.2.99'),
  to('host.port', 2222),
  to('host.user', 'admin'),
  both('host.sshSecretRef.name', 'ssh-2', 'missing'),
  to('host.hostKeyFingerprints[]', otherFingerprint),
  to('host.jumpHost.address', '192.0.2.2'),
  to('host.jumpHost.port', 2222),
  to('host.jumpHost.user', 'hop'),
  both('host.jumpHost.sshSecretRef.name', 'ssh-2', 'missing'),
  to('host.jumpHost.hostKeyFingerprints[]', otherFingerprint),
  to('host.bootstrap', 'Preinstalled', { kind: 'Switch' }),
  to('host.dns.nameservers[]', '192.0.2.54'),
  to('host.dns.searchDomains[]', 'other.example'),
  to('host.dns.hosts[].ip', '192.0.2.78'),
  to('host.dns.hosts[].names[]', 'trunk.example'),
  to('host.docker.bridgeAddress', '10.99.0.1/16'),
  to('host.docker.addressPools[].base', '10.98.0.0/16'),
  to('host.docker.addressPools[].size', 25),
  to('host.proxy.http', 'http://192.0.2.8:3128'),
  to('host.proxy.https', 'http://192.0.2.8:3128'),
  to('host.proxy.noProxy[]', '.other.example'),
  both('host.proxy.credentialsSecretRef.name', 'proxy-2', 'missing'),
  to('host.timeZone', 'Asia/Kolkata'),
  to('network.fqdn', 'other.jtel.example'),
  to('network.aliases[]', 'chat.jtel.example'),
  both('network.tlsSecretRef.name', 'tls-2', 'env'),
  to('network.allow.admin[]', '192.0.2.128/25'),
  to('network.allow.web[]', '2001:db8::/32'),
  to('network.allow.sip[].name', 'pbx'),
  to('network.allow.sip[].cidr', '198.51.100.7/32'),
  {
    path: 'components[].name',
    to: put('components.1.name', 'acd-haproxy'),
    bad: put('components[].name', 'acd-fax'),
  },
  {
    path: 'components[].state',
    to: put('components.1.state', 'Disabled'),
    bad: put('components[].state', 'Disabled'),
  },
  both('components[].replicas', 3, 99),
  to('components[].resources.cpu', '500m'),
  both('components[].resources.memory', '300Mi', 'much'),
  both('components[].env[].name', 'OTHER', 'not a name'),
  both('components[].env[].value', '"$(reboot)\' ; # {{ x }} ${HOME}', 'two\nlines'),
  {
    path: 'components[].env[].secretKeyRef.name',
    to: put('components.0.env.1.secretKeyRef.name', 'env-2'),
    bad: put('components.0.env.1.secretKeyRef.name', 'missing'),
  },
  {
    path: 'components[].env[].secretKeyRef.key',
    to: put('components.0.env.1.secretKeyRef.key', 'other'),
    bad: put('components.0.env.1.secretKeyRef.key', 'missing'),
  },
  both('imagePullSecretRef.name', 'registry-2', 'missing'),
  to('initialData.source', 'Auto'),
  to('initialData.backupID', '20260105t020000z-3f9a1c'),
  ...[
    ['database.address', '192.0.2.77'],
    ['database.port', 3307],
    ['database.credentialsSecretRef.name', 'missing'],
    ['database.tls', 'Required'],
    ['database.schemas[]', 'jtel'],
    ['finishAt', '2027-01-01T00:00:00Z'],
  ].map(([path, value]) => imported(`initialData.import.${path}`, value)),
  to('backup.storeRef.name', 'customer-2'),
  to('backup.identity', 'acme.other'),
  to('backup.schedule', '30 3 * * *'),
  to('backup.timeZone', 'UTC'),
  to('backup.scheduleSpreadMinutes', 0),
  to('backup.state', 'Suspended'),
  to('backup.verify', 'Restore'),
  to('backup.objectives.recoveryPointHours', 48),
  to('backup.objectives.recoveryTimeMinutes', 120),
  to('backup.method', 'Logical'),
  to('backup.bandwidthLimitMiBPerSecond', 20),
  to('backup.startDeadlineMinutes', 60),
  to('backup.historyLimit', 3),
  to('update.preUpdateBackup', 'Skip'),
  to('update.progressDeadlineSeconds', 60),
  to('update.onFailure', 'Hold'),
  to('update.windows[].days[]', 'Mon'),
  to('update.windows[].start', '23:15'),
  to('update.windows[].durationMinutes', 1440),
  both('update.windows[].timeZone', 'Australia/Lord_Howe', 'Europe/Entenhausen'),
  to('relocation.source', 'RecoverFromBackup'),
  to('drift', 'Ignore'),
  to('managementMode', 'Observe', { kind: 'Switch' }),
  to('powerState', 'Stopped', { kind: 'Switch' }),
  to('suspend', true, { kind: 'Switch' }),
  to('deletionPolicy', 'Stop'),
  to('revisionHistoryLimit', 1),
];

/** Anything that a person might write as a text. It must never do more than fail. */
export const hostileTexts: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['an option', '-rf'],
  ['a shell command', '$(touch /tmp/pwned); `reboot` | true && exit 1 #'],
  ['YAML', '\'"}]: !!js/function &a *a'],
  ['lines', 'a\nb\r\n---\n'],
  ['a path', '../../../../etc/passwd'],
  ['a template', '{{ secrets }}{% raw %}'],
  ['64 KB', 'x'.repeat(65_536)],
];
