/**
 * What users get wrong, and what must go through: one line per field and rule. `rules.test.ts` sends each to the API server
 * in an otherwise good object, and fails when a rule of the CRDs has no line here.
 */

export interface FieldValues {
  readonly kind: 'JtelStack' | 'JtelBackup' | 'JtelRestore' | 'JtelBackupStore';
  /** Where the value goes, such as `spec.components[1].name`. */
  readonly path: string;
  /** Each is refused with a sentence that contains `says`; `undefined` removes the field. */
  readonly bad: readonly unknown[];
  readonly says: string;
  /** Where the API server says it is, when not at `path`. */
  readonly at?: string;
  readonly good?: readonly unknown[];
}

const hostile = ["a'b", 'a"b', 'a b', 'a\nb', '-rf', '$(id)', 'a;b', 'a\u0000b', '../x', ''];

const stack = (
  path: string,
  says: string,
  bad: readonly unknown[],
  good: readonly unknown[] = [],
  at?: string,
): FieldValues => ({
  kind: 'JtelStack',
  path,
  says,
  bad,
  good,
  ...(at === undefined ? {} : { at }),
});

const fingerprint = `SHA256:${'A'.repeat(43)}`;
const badFingerprints = [
  'SHA256:short',
  `${fingerprint}=`,
  `MD5:${'aa:'.repeat(16)}`,
  'A'.repeat(43),
  `SHA256:${'A'.repeat(42)}!`,
  `${fingerprint}\n`,
];
const badCIDRs = ['10.0.0.0', '10.0.0.0/33', 'anywhere', '10.0.0/8', '10.0.0.0/8 ', '::1'];
const badNames = [
  'Acme.Example',
  'acme_.example',
  'https://acme.example',
  '*.acme.example',
  'acme.example:443',
  'acme..example',
  'acme.example\n',
];

export const stackValues: readonly FieldValues[] = [
  stack(
    'metadata.name',
    'at most 40 characters',
    ['a'.repeat(41), 'a.b', '1acme'],
    ['a'.repeat(40)],
    '<nil>',
  ),
  stack(
    'spec.version',
    'three numbers with dots, such as 3.43.2',
    ['3.43', 'v3.43.2', '3.43.2-rc1', '03.43.2', 'latest', '3.43.2\n', ''],
    ['3.43.1', '10.0.0'],
  ),
  stack(
    'spec.size',
    'supported values: "Small", "Medium", "Large"',
    ['Huge', 'small', ''],
    ['Small', 'Large'],
  ),
  stack(
    'spec.host.address',
    'IP address or a DNS name',
    ['ssh://host', 'jtel@host', 'host:22', 'host_1', 'a..b', ...hostile],
    ['192.0.2.1', '2001:db8::1', 'host', 'host.acme.example'],
  ),
  stack('spec.host.port', 'between 1 and 65535', [0, 65_536, -1], [22, 2222]),
  stack('spec.host.user', 'Linux user name', ['Jtel', '1jtel', ...hostile], ['jtel', 'jtel-ops', '_x']),
  stack('spec.host.hostKeyFingerprints[0]', 'ssh-keygen -lf', badFingerprints, [
    `SHA256:${'a+/9'.repeat(10)}abc`,
  ]),
  stack('spec.host.hostKeyFingerprints', 'should have at least 1 items', [[]]),
  stack('spec.host.jumpHost.address', 'IP address or a DNS name', ['ssh://jump', ...hostile]),
  stack('spec.host.jumpHost.port', 'between 1 and 65535', [0, 65_536]),
  stack('spec.host.jumpHost.user', 'Linux user name', ['Jtel', ...hostile]),
  stack('spec.host.jumpHost.hostKeyFingerprints[0]', 'ssh-keygen -lf', badFingerprints),
  stack('spec.host.jumpHost.address', 'another SSH server', ['10.20.0.10'], [], 'spec.host'),
  stack(
    'spec.host.dns.nameservers[0]',
    'IP address of a name server',
    ['dns.acme.example', '10.0.0.300', '', '10.0.0.1\n'],
    ['2001:db8::53'],
  ),
  stack(
    'spec.host.dns.searchDomains[0]',
    'DNS domain in lower case',
    ['Acme.example', ...hostile],
    ['example', 'acme.example'],
  ),
  stack('spec.host.dns.hosts[0].ip', 'write an IP address', ['pbx', '10.0.0', ''], ['2001:db8::20']),
  stack(
    'spec.host.dns.hosts[0].names[0]',
    'host name in lower case',
    ['PBX', ...hostile],
    ['pbx', 'pbx-1.acme.example'],
  ),
  stack(
    'spec.host.docker.bridgeAddress',
    'the address that the host has on the bridge',
    ['10.210.0.0/24', '10.210.0.1', '10.210.0.1/31', 'fd00::1/64', '', ...hostile],
    ['10.210.0.1/24'],
  ),
  stack('spec.host.docker.addressPools', 'should have at least 1 items', [[]]),
  stack(
    'spec.host.docker.addressPools[0].base',
    'by its first address',
    ['10.211.0.1/16', 'fd00::/48', ...badCIDRs],
    ['10.211.0.0/16'],
  ),
  stack('spec.host.docker.addressPools[0].size', 'prefix length from 8 to 28', [7, 29], [24]),
  stack(
    'spec.host.docker.addressPools[0].size',
    'cannot be larger than the range',
    [12],
    [16],
    'spec.host.docker.addressPools[0]',
  ),
  stack('spec.host.bootstrap', 'on a Preinstalled host are yours', ['Preinstalled'], [], 'spec.host'),
  stack(
    'spec.host.proxy.http',
    'write the proxy as http://HOST:PORT',
    ['proxy:3128', 'http://u:p@proxy:3128', 'socks5://proxy', 'http://proxy/path', ...hostile],
    ['http://proxy.example:3128', 'http://[fd00::1]:3128/'],
  ),
  stack(
    'spec.host.proxy.https',
    'write the proxy as http://HOST:PORT',
    ['proxy:3128', 'https://u:p@proxy', ...hostile],
    ['https://proxy.example'],
  ),
  stack(
    'spec.host.proxy.noProxy[0]',
    'one host name, domain, address or network',
    ['a,b', ...hostile.filter((one) => one !== '' && one !== '-rf' && one !== '../x')],
    ['.acme.example', '10.0.0.0/8', '*'],
  ),
  stack(
    'spec.host.proxy',
    'name a proxy for http, for https or for both',
    [{ noProxy: ['a'] }],
    [{ https: 'http://proxy:3128' }],
  ),
  stack(
    'spec.host.timeZone',
    'IANA time zone',
    ['/etc/passwd', 'Europe/Berlin/', 'Europe//Berlin', ...hostile],
    ['UTC', 'America/Argentina/Buenos_Aires', 'Etc/GMT+1'],
  ),
  stack('spec.network.fqdn', 'full DNS name', [...badNames, 'acme', ...hostile], ['acme.jtel.online']),
  stack('spec.network.aliases[0]', 'full DNS name', [...badNames, 'acme'], ['chat.acme.jtel.online']),
  stack('spec.network.aliases[0]', 'remove the fqdn itself', ['acme.jtel.online'], [], 'spec.network'),
  stack('spec.network.allow.admin[0]', 'CIDR notation', badCIDRs, ['2001:db8::/32', '10.0.0.0/8']),
  stack('spec.network.allow.web[0]', 'CIDR notation', badCIDRs, ['10.0.0.1/32']),
  stack('spec.network.allow.sip[0].cidr', 'CIDR notation', badCIDRs, ['10.0.0.0/8']),
  stack(
    'spec.network.allow.sip[0].name',
    'such as trunk-1',
    ['trunk"', 'a\nb', '-x', '', 'x '],
    ['Trunk 1 (not)'.slice(0, 7)],
  ),
  stack(
    'spec.components[1].name',
    'name of a component of the release',
    ['ACD-web', 'acd_web', '1acd', 'acd.web', ...hostile],
    ['acd-portal'],
  ),
  stack(
    'spec.components[1].replicas',
    'between 1 and 16; to have none, set state to Disabled',
    [0, 17, -1],
    [1, 16],
  ),
  stack(
    'spec.components[1].resources.cpu',
    'write processor cores',
    ['2 cores', '-1', '1.5m', '1e9', 0, 1000, 'm'],
    [2, '2', '0.5', '250m'],
  ),
  stack(
    'spec.components[1].resources.memory',
    'unit Mi or Gi',
    ['2', '2G', '2gi', '-2Gi', '1.5Gi', '0Gi'],
    ['512Mi', '16Gi'],
  ),
  stack(
    'spec.components[1].env[0].name',
    'variable name',
    ['1A', 'A=B', 'A-B', ...hostile],
    ['_x', 'JTEL_DEBUG2'],
  ),
  stack(
    'spec.components[1].env[0].value',
    'in one line',
    ['a\nb', 'a\tb', 'a\u0000b', '\u007f'],
    ['', 'a "quoted" $value, ä'],
  ),
  stack(
    'spec.components[1].env[0].secretKeyRef',
    'exactly one of value and secretKeyRef',
    [{ name: 'x', key: 'y' }],
    [],
    'spec.components[1].env[0]',
  ),
  stack(
    'spec.components[1].env[0].value',
    'exactly one of value and secretKeyRef',
    [undefined],
    [],
    'spec.components[1].env[0]',
  ),
  stack(
    'spec.components[1].env[1].secretKeyRef.name',
    'name of a Secret in the same namespace',
    ['other/secret', ...hostile],
    ['acme.api'],
  ),
  stack(
    'spec.components[1].env[1].secretKeyRef.key',
    'key inside the Secret',
    ['a/b', ...hostile.filter((key) => key !== '../x')],
    ['tls.crt', '_x'],
  ),
  stack(
    'spec.initialData.backupID',
    'identifier of a backup',
    ['a/b', 'a.b', ...hostile],
    ['20261123T020000Z-abc'],
  ),
  stack(
    'spec.initialData',
    'backupID together with source Backup',
    [{ source: 'Backup' }, { source: 'Auto', backupID: 'x' }],
    [{}, { source: 'Vanilla' }],
  ),
  stack('spec.backup', 'initialData.source Backup needs spec.backup.storeRef', [undefined], [], 'spec'),
  stack(
    'spec.backup.identity',
    'such as acme.production',
    ['Acme', 'a/b', '.a', 'a.', ...hostile],
    ['acme', 'a.b-c'],
  ),
  stack(
    'spec.backup.schedule',
    'five cron fields',
    ['0 2 * *', '0 2 * * * *', '@daily12345', '0  2 * * *', '0 2 * * *; rm', '0 2\n* * *'],
    ['*/15 0-5,22 * * MON-FRI'],
  ),
  stack('spec.backup.verify', 'supported values: "Checksum", "Restore"', ['None'], ['Restore']),
  stack('spec.backup.method', 'supported values: "Physical", "Logical"', ['Dump'], ['Logical']),
  stack('spec.backup.bandwidthLimitMiBPerSecond', 'should be greater than or equal to 1', [0], [1, 10_240]),
  stack('spec.backup.startDeadlineMinutes', 'should be less than or equal to 1440', [1441], [10]),
  stack('spec.backup.timeZone', 'IANA time zone', ['Europe Berlin', '/etc/localtime'], ['UTC']),
  stack('spec.backup.objectives.recoveryPointHours', 'should be greater than or equal to 1', [0], [24]),
  stack('spec.update.progressDeadlineSeconds', 'should be greater than or equal to 60', [59], [60]),
  stack(
    'spec.update.windows[0].start',
    'HH:MM with 24 hours',
    ['24:00', '2230h', '9:30 ', '22:60'],
    ['00:00', '23:59'],
  ),
  stack('spec.update.windows[0].timeZone', 'IANA time zone', ['Europe Berlin', '/x'], ['UTC']),
  stack(
    'spec.relocation',
    'RecoverFromBackup needs spec.backup.storeRef',
    [],
    [{ source: 'RecoverFromBackup' }],
  ),
  stack(
    'spec.deletionPolicy',
    'supported values: "Orphan", "Stop", "Destroy"',
    ['Delete'],
    ['Stop', 'Destroy'],
  ),
  stack('spec.revisionHistoryLimit', 'should be less than or equal to 100', [101], [1]),
];

/** A test restore has a host of its own, with the same rules, whether it is asked for as such or by a backup. */
const testHostValues = (['JtelBackup', 'JtelRestore'] as const).flatMap((kind) =>
  stackValues
    .filter(({ path }) => path.startsWith('spec.host.'))
    .map((line): FieldValues => ({
      ...line,
      kind,
      path: line.path.replace('spec.host', 'spec.test.host'),
      ...(line.at === undefined ? {} : { at: line.at.replace('spec.host', 'spec.test.host') }),
    })),
);

const accountID =
  '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/backups/providers/Microsoft.Storage/storageAccounts/acme';

export const otherValues: readonly FieldValues[] = [
  ...testHostValues,
  {
    kind: 'JtelRestore',
    path: 'spec',
    says: 'set mode to Execute or Plan',
    bad: [{ stackRef: { name: 'acme' }, source: { undoOf: 'a-b' }, mode: 'Test' }],
  },
  {
    kind: 'JtelRestore',
    path: 'spec',
    says: 'or set ifNotEmpty to Replace',
    bad: [{ stackRef: { name: 'acme' }, source: { latestOf: 'acme' }, inPlace: 'Accept' }],
  },
  { kind: 'JtelRestore', path: 'spec.source.undoOf', says: 'write the uid that', bad: [...hostile] },
  {
    kind: 'JtelRestore',
    path: 'spec.notAfter',
    says: 'date-time',
    bad: ['tomorrow', '2026-13-01T00:00:00Z', ''],
    good: ['2026-12-01T00:00:00Z', '2026-12-01T01:00:00+01:00'],
  },
  {
    kind: 'JtelBackup',
    path: 'spec.verify',
    says: 'set verify to Restore',
    bad: ['Checksum', undefined],
    at: 'spec',
  },
  {
    kind: 'JtelBackup',
    path: 'spec.test',
    says: 'spec.test.host: Required value',
    bad: [{}],
    at: 'spec.test.host',
    good: [undefined],
  },
  { kind: 'JtelRestore', path: 'spec.mode', says: 'set mode to Test', bad: ['Plan'], at: 'spec' },
  {
    kind: 'JtelRestore',
    path: 'spec.source',
    says: 'latestOf names the identity',
    bad: [{ latestOf: 'a.b', identity: 'a.b' }],
    good: [{ backupID: 'a', storeRef: { name: 's' }, identity: 'acme.production' }],
  },
  {
    kind: 'JtelRestore',
    path: 'spec.source.identity',
    says: 'such as acme.production',
    bad: ['A', ...hostile],
  },
  {
    kind: 'JtelBackupStore',
    path: 'spec.identities[0]',
    says: 'the identity of a stack',
    bad: ['A', '**', ...hostile],
    good: ['*', 'acme.production'],
  },
  {
    kind: 'JtelRestore',
    path: 'spec.confirmReplace',
    says: 'set confirmReplace to the name of the stack',
    bad: [undefined, 'another'],
    at: 'spec',
  },
  {
    kind: 'JtelRestore',
    path: 'spec.ifNotEmpty',
    says: 'only goes with ifNotEmpty Replace',
    bad: ['Fail'],
    at: 'spec',
  },
  {
    kind: 'JtelRestore',
    path: 'spec.source',
    says: 'exactly one of backupRef',
    bad: [
      {},
      { backupRef: { name: 'a' }, latestOf: 'b' },
      { backupID: 'a', storeRef: { name: 's' }, latestOf: 'b' },
    ],
    good: [
      { backupRef: { name: 'a' } },
      { latestOf: 'acme.production' },
      { latestOf: 'acme', storeRef: { name: 's' } },
    ],
  },
  { kind: 'JtelRestore', path: 'spec.source', says: 'backupID needs storeRef', bad: [{ backupID: 'a' }] },
  {
    kind: 'JtelRestore',
    path: 'spec.source',
    says: 'remove storeRef',
    bad: [{ backupRef: { name: 'a' }, storeRef: { name: 's' } }],
  },
  {
    kind: 'JtelRestore',
    path: 'spec.source.backupID',
    says: 'identifier of a backup',
    bad: ['a/b', ...hostile],
  },
  {
    kind: 'JtelRestore',
    path: 'spec.source.latestOf',
    says: 'such as acme.production',
    bad: ['A', ...hostile],
  },
  {
    kind: 'JtelBackup',
    path: 'spec.verify',
    says: 'supported values: "Checksum", "Restore"',
    bad: ['None'],
    good: ['Restore'],
  },
  {
    kind: 'JtelBackupStore',
    path: 'spec.azure.endpoint',
    says: 'a SAS token belongs into the Secret',
    bad: [
      'acme.blob.core.windows.net',
      'https://a.example/?sv=1&sig=x',
      'https://user:pw@a.example',
      'ftp://a.example/',
      'https://a.example/a/b/c',
      'https://a.example#x',
      'https://a.ex\nample',
    ],
    good: ['https://acme.blob.core.windows.net/', 'http://172.17.0.1:10000/devstoreaccount1'],
  },
  {
    kind: 'JtelBackupStore',
    path: 'spec.azure.container',
    says: 'name of an Azure container',
    bad: ['ab', 'Backups', '-backups', 'back--ups', 'a/b', ...hostile],
    good: ['backups', 'a-1'],
  },
  {
    kind: 'JtelBackupStore',
    path: 'spec.azure.prefix',
    says: 'a path such as jtel/acme',
    bad: ['/jtel', 'jtel/', 'a//b', '../b', 'a/../b', 'a/.b', ...hostile],
    good: ['jtel', 'jtel/acme.1/x_y'],
  },
  {
    kind: 'JtelBackupStore',
    path: 'spec.azure.management.resourceID',
    says: 'az storage account show --query id',
    bad: [
      'acme',
      `${accountID}/blobServices/default`,
      `${accountID}/../other`,
      accountID.replace('storageAccounts', 'queues'),
      accountID.replace('00000000', '0000000'),
      accountID.replace('backups', 'a/b'),
      ...hostile,
    ],
    good: [accountID, accountID.replace('backups', 'rg_1.(x)-y')],
  },
  {
    kind: 'JtelBackupStore',
    path: 'spec.immutability.retentionDays',
    says: 'should be greater than or equal to 1',
    bad: [0],
    good: [1, 3650],
  },
];
