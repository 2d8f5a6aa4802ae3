/**
 * What is wrong and what is right in the fields of backups, restores and stores; how it is used,
 * `field-values.ts` says.
 */
import { hostile, type FieldValues } from './field-values.ts';
import { stackValues } from './stack-values.ts';

/** A restore test has a host of its own. The same rules apply, whether a person, a backup or a drill requests it. */
const testHosts = [
  ['JtelBackup', 'spec.test.host'],
  ['JtelRestore', 'spec.test.host'],
  ['JtelDrill', 'spec.hosts[0].host'],
] as const;
const testHostValues = testHosts.flatMap(([kind, host]) =>
  stackValues
    .filter(({ path }) => path.startsWith('spec.host.'))
    .map((line): FieldValues => ({
      ...line,
      kind,
      path: line.path.replace('spec.host', host),
      ...(line.at === undefined ? {} : { at: line.at.replace('spec.host', host) }),
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
  {
    kind: 'JtelRestore',
    path: 'spec',
    says: 'consents to one backup',
    bad: [
      { stackRef: { name: 'acme' }, source: { latestOf: 'acme' }, unsigned: 'Accept' },
      { stackRef: { name: 'acme' }, source: { latestOf: 'acme' }, unencrypted: 'Accept' },
    ],
    good: [
      {
        stackRef: { name: 'acme' },
        source: { backupID: 'a', storeRef: { name: 's' } },
        unsigned: 'Accept',
        unencrypted: 'Accept',
      },
      { stackRef: { name: 'acme' }, source: { backupRef: { name: 'a' } }, unsigned: 'Accept' },
    ],
  },
  {
    kind: 'JtelBackupStore',
    path: 'spec.trustedKeys[0]',
    says: 'write the public key as',
    bad: ['', 'ssh-ed25519', `MCowBQYDK2VwAyEA${'A'.repeat(43)}`, `MCowBQYDK2VwAyEA${'A'.repeat(43)}=\n`],
    good: [`MCowBQYDK2VwAyEA${'A'.repeat(43)}=`],
  },
  {
    kind: 'JtelBackupStore',
    path: 'spec.revokedKeyIDs[0]',
    says: 'write the key id as',
    bad: ['', 'a'.repeat(31), 'A'.repeat(32), `${'a'.repeat(31)}\n`],
    good: ['0123456789abcdef0123456789abcdef'],
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
  {
    kind: 'JtelChannel',
    path: 'metadata.name',
    says: 'at most 63 characters',
    at: '<nil>',
    bad: ['a'.repeat(64)],
    good: ['a'.repeat(63)],
  },
  {
    kind: 'JtelChannel',
    path: 'spec.version',
    says: 'three numbers with dots, such as 3.43.2',
    bad: ['3.43', 'v3.43.2', 'latest'],
    good: ['3.43.1'],
  },
  {
    kind: 'JtelChannel',
    path: 'spec.waves',
    says: 'must add up to 100',
    bad: [
      [{ name: 'a', percent: 99 }],
      [
        { name: 'a', percent: 60 },
        { name: 'b', percent: 60 },
      ],
    ],
    good: [
      [
        { name: 'a', percent: 1 },
        { name: 'b', percent: 99 },
      ],
      [{ name: 'a', selector: { labels: [{ name: 'tier', value: 'pilot' }] } }],
    ],
  },
  {
    kind: 'JtelChannel',
    path: 'spec.waves[0]',
    says: 'either percent or selector',
    bad: [
      { name: 'a' },
      { name: 'a', percent: 100, selector: { labels: [{ name: 'tier', value: 'pilot' }] } },
    ],
  },
  {
    kind: 'JtelChannel',
    path: 'spec.waves[0].name',
    says: 'write a name of lower-case letters',
    bad: ['Pilot', 'a b', '-x'],
  },
  {
    kind: 'JtelChannel',
    path: 'spec.waves[0].selector.labels[0].name',
    says: 'write the name of a label',
    bad: ['a b', '-x', 'a/b/c'],
    good: ['tier', 'example.com/tier'],
  },
  {
    kind: 'JtelChannel',
    path: 'spec.waves[0].selector.labels[0].value',
    says: 'write the value of a label',
    bad: ['a b', '-x', 'a/b'],
    good: ['', 'pilot', 'A_1.b'],
  },
  {
    kind: 'JtelChannel',
    path: 'spec.maxUnavailable',
    says: 'should be greater than or equal to 1',
    bad: [0],
    good: [1, 100],
  },
  {
    kind: 'JtelDrill',
    path: 'metadata.name',
    says: 'at most 63 characters',
    at: '<nil>',
    bad: ['a'.repeat(64)],
  },
  {
    kind: 'JtelDrill',
    path: 'spec.secretNamespace',
    says: 'write the name of a namespace',
    bad: ['Drills', 'a/b', 'a.b'],
    good: ['drills'],
  },
  { kind: 'JtelDrill', path: 'spec.hosts', says: 'at least 1 items', bad: [[]] },
  {
    kind: 'JtelDrill',
    path: 'spec.hosts[0].name',
    says: 'write a name of lower-case letters',
    bad: ['Drill', 'a b', '-x'],
    good: ['b'],
  },
  {
    kind: 'JtelDrill',
    path: 'spec.hosts[0].parallel',
    says: 'greater than or equal to 1',
    bad: [0],
    good: [16],
  },
  {
    kind: 'JtelDrill',
    path: 'spec.selector.labels[0].name',
    says: 'write the name of a label',
    bad: ['a b', '/x'],
    good: ['example.com/drill'],
  },
  {
    kind: 'JtelDrill',
    path: 'spec.selector.labels[0].value',
    says: 'write the value of a label',
    bad: ['a b'],
    good: [''],
  },
  {
    kind: 'JtelRestore',
    path: 'spec.test',
    says: 'with either host or drillRef',
    bad: [{}],
    good: [{ drillRef: { name: 'nightly' } }],
  },
  {
    kind: 'JtelRestore',
    path: 'spec.test.drillRef.name',
    says: 'write the name of a JtelDrill',
    bad: ['Nightly', 'a b', '-x'],
  },
];
