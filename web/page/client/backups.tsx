/** Backups and restores of one stack. */
import type { BackupLine, BackupSignature, Part, RestoreLine, StackRow } from '../../protocol.ts';
import { formatBytes } from '../../../base/bytes.ts';
import { span } from '../../../base/time.ts';
import { Copy, Mark, Strip, Time } from './parts.tsx';
import { PartOf, Section, SmallTable, type Field } from './section.tsx';
import { took } from './times.ts';

const backupFields: readonly Field<BackupLine>[] = [
  {
    title: 'Backup',
    name: 'first',
    cell: ({ name, backupID, verdict }) => (
      <>
        <Mark verdict={verdict} /> <bdi title={name}>{backupID ?? name}</bdi>
      </>
    ),
  },
  { title: 'When', cell: ({ time }) => <Time time={time} isStop /> },
  {
    title: 'State',
    cell: ({ phase, progress }) => (progress === undefined ? phase : `${phase} ${progress}`),
  },
  { title: 'Checked', cell: ({ verification }) => verification },
  {
    title: 'Signed',
    cell: ({ signature }) => (signature === undefined ? null : <Signed signature={signature} />),
  },
  { title: 'Version', cell: ({ version }) => version },
  { title: 'Trigger', cell: ({ trigger }) => trigger },
  { title: 'Took', cell: ({ time, completionTime }) => took(time, completionTime) },
  { title: 'Size', name: 'figure', cell: ({ totalBytes }) => bytes(totalBytes) },
  { title: 'New', name: 'figure', cell: ({ uploadedBytes }) => bytes(uploadedBytes) },
  {
    title: 'Kept until',
    cell: ({ immutableUntilTime }) =>
      immutableUntilTime === undefined ? null : <Time time={immutableUntilTime} isStop />,
  },
  {
    title: 'Command',
    name: 'last',
    cell: ({ command }) => (command === undefined ? null : <Copy command={command} form="Button" />),
  },
];

/** Beside the key, which is short enough to compare; "kubectl jtel backup show" has all of it. */
const signatureWords: Readonly<Record<BackupSignature['is'], string>> = {
  Trusted: '',
  Untrusted: 'not trusted',
  Revoked: 'revoked',
  Unsigned: 'not signed',
  Unknown: 'trust unknown',
};

function Signed({ signature: { is, keyID } }: { readonly signature: BackupSignature }) {
  const words = signatureWords[is];
  const isBad = is === 'Untrusted' || is === 'Revoked';
  return (
    <>
      {keyID !== undefined && <bdi title={keyID}>{keyID.slice(0, 8)}</bdi>}
      {words !== '' && <span class={isBad ? 'Bad' : 'faint'}> {words}</span>}
    </>
  );
}

const bytes = (value: number | undefined): string | null => (value === undefined ? null : formatBytes(value));

/** Why a line is not well, below it. */
const trouble = ({ message, verdict }: Pick<BackupLine | RestoreLine, 'message' | 'verdict'>) =>
  message === undefined || message === '' || verdict === 'Good' ? null : <bdi>{message}</bdi>;

export function Backups({ row, backups }: { readonly row: StackRow; readonly backups: Part<BackupLine> }) {
  return (
    <Section title="Backups" aside={row.backups === undefined ? undefined : <Strip strip={row.backups} />}>
      <PartOf
        part={backups}
        none={row.wantsBackups ? 'There is no backup yet.' : 'The stack wants no backups.'}
      >
        {(lines) => (
          <SmallTable
            label="Backups"
            fields={backupFields}
            lines={lines}
            keyOf={({ name }) => name}
            note={trouble}
          />
        )}
      </PartOf>
    </Section>
  );
}

const restoreFields: readonly Field<RestoreLine>[] = [
  {
    title: 'Restore',
    name: 'first',
    cell: ({ name, verdict }) => (
      <>
        <Mark verdict={verdict} /> <bdi>{name}</bdi>
      </>
    ),
  },
  { title: 'Kind', cell: ({ mode }) => mode },
  { title: 'When', cell: ({ time }) => <Time time={time} isStop /> },
  { title: 'State', cell: ({ phase, percent }) => (percent === undefined ? phase : `${phase} ${percent} %`) },
  { title: 'Backup', name: 'wide', cell: ({ backupID }) => <bdi>{backupID}</bdi> },
  { title: 'Took', cell: ({ time, completionTime }) => took(time, completionTime) },
  {
    title: 'Back after',
    cell: ({ recoveryTimeSeconds }) => (recoveryTimeSeconds === undefined ? null : span(recoveryTimeSeconds)),
  },
];

export function Restores({
  row,
  restores,
}: {
  readonly row: StackRow;
  readonly restores: Part<RestoreLine>;
}) {
  const { restoreTest } = row;
  return (
    <Section
      title="Restores and tests"
      aside={
        restoreTest === undefined ? undefined : (
          <>
            Test {restoreTest.result.toLowerCase()} <Time time={restoreTest.time} isStop />
          </>
        )
      }
    >
      <PartOf part={restores} none="Nothing was restored or tested.">
        {(lines) => (
          <SmallTable
            label="Restores and tests"
            fields={restoreFields}
            lines={lines}
            keyOf={({ name }) => name}
            note={trouble}
          />
        )}
      </PartOf>
    </Section>
  );
}
