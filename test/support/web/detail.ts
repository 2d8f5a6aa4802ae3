/** Everything about one made-up stack, as the page's server sends it. */
import type {
  BackupSignature,
  ComponentLine,
  Plan,
  StackDetail,
  StackRow,
  Verdict,
} from '../../../web/protocol.ts';
import { iso } from './fleet.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const services = [
  'acd-dbm',
  'acd-dbs',
  'acd-fs1',
  'acd-haproxy',
  'acd-task-runner',
  'acd-tel1',
  'acd-web-1',
  'acd-web-2',
  'acd-chat',
];

const trusted = { is: 'Trusted', keyID: 'e14c9ab07f3d52886b5a49382716f0e5' } as const;
/** Of the older backups. */
const signatures: Readonly<Record<number, BackupSignature>> = {
  3: { is: 'Revoked', keyID: '7d0b3a5c19e84f26a1c2d3e4f5061728' },
  5: { is: 'Unsigned' },
};

export function detailOf(row: StackRow, now = Date.now()): StackDetail {
  const of = `${row.name} -n ${row.namespace}`;
  const isIll = row.verdict === 'Bad';
  return {
    row,
    conditions: [
      condition(
        'Ready',
        row.available === true ? 'Good' : 'Bad',
        row.reason ?? 'Ready',
        row.message,
        3 * hour,
      ),
      ...(isIll
        ? [
            condition(
              'BackupHealthy',
              'Bad',
              'BackupOverdue',
              'The newest backup is 34 hours old; the store refuses the credentials of Secret customer-store.',
              9 * hour,
              'The newest backup is older than the schedule and its tolerance allow. Look at the failed backups first.',
            ),
          ]
        : [
            condition(
              'BackupHealthy',
              'Good',
              'BackupHealthy',
              'The newest backup is 7 hours old.',
              40 * day,
            ),
          ]),
      condition('HostReachable', 'Good', 'HostReachable', `${row.host} answers in 12 ms.`, 12 * day),
      condition('ReleaseAvailable', 'Good', 'ReleaseAvailable', 'jtel/releases has it.', 12 * day),
      condition('DataLoaded', 'Good', 'DataLoaded', 'Loaded from vanilla data.', 190 * day),
      condition('UpToDate', 'Good', 'UpToDate', 'Everything runs as applied.', 2 * day),
      condition('Drifted', 'Good', 'NoDrift', 'Nothing differs from what was applied.', 2 * day),
      condition(
        'RecoveryObjectivesMet',
        'Good',
        'ObjectivesMet',
        'Recovery point 7h of 26h, recovery time 11m of 60m.',
        30 * day,
      ),
    ],
    components: services.map((name, index): ComponentLine => {
      const isDown = row.available === false && index === 0;
      return {
        name,
        verdict: isDown ? 'Bad' : 'Good',
        image: `registry.example/jtel/${name.replace(/-?\d$/, '')}:${row.version ?? row.wantedVersion}`,
        digest: `sha256:${'9f86d081884c7d65'.repeat(4)}`,
        state: 'running',
        health: isDown ? 'unhealthy' : index === 3 ? 'none' : 'healthy',
        restarts: isDown ? 4 : 0,
        command: {
          purpose: `show the log of ${name}`,
          command: `kubectl jtel logs ${row.name} ${name} -n ${row.namespace} -f`,
        },
      };
    }),
    facts: [
      ['System', 'Debian GNU/Linux 12, 8 cores, 31.2 GiB'],
      ['Disk free', '212.4 GiB of 480.0 GiB'],
      ['Docker', '28.5.1, compose 2.40.3'],
      ['Project', `jtel-${row.namespace}-${row.name}`],
      [
        'Next backup',
        `${iso(now + 17 * hour)
          .slice(0, 16)
          .replace('T', ' ')} UTC`,
      ],
      ['Way back', 'revision 6 (3.43.1), until tomorrow'],
      ['Objectives', 'recovery point 26h, recovery time 60m'],
      ['Certificate', 'acd.example.com, until 2027-01-14'],
    ],
    history: {
      more: 4,
      items: [
        {
          revision: 7,
          version: row.wantedVersion,
          action: 'Update',
          result: 'Succeeded',
          startTime: iso(now - 2 * day),
          completionTime: iso(now - 2 * day + 7 * minute),
          downtimeSeconds: 41,
          sourceRevision: 'main@sha1:8e1d0c2b7a9f4e5d6c3b2a190817263544556677',
          changedBy: 'kustomize-controller',
          message: 'Updated.',
          marks: ['Running', 'Wanted'],
          command: {
            purpose: 'show what revision 7 changed',
            command: `kubectl jtel diff ${of} --revision 6 --to 7`,
          },
        },
        {
          revision: 6,
          version: '3.43.1',
          action: 'Update',
          result: 'RolledBack',
          startTime: iso(now - 3 * day),
          completionTime: iso(now - 3 * day + 19 * minute),
          downtimeSeconds: 312,
          sourceRevision: 'main@sha1:11aa22bb33cc44dd55ee66ff7788990011223344',
          changedBy: 'kustomize-controller',
          message:
            'acd-dbm did not become healthy in 15 minutes: ERROR 1067 (42000) Invalid default value for "created".',
          marks: [],
          command: {
            purpose: 'show what revision 6 changed',
            command: `kubectl jtel diff ${of} --revision 5 --to 6`,
          },
        },
        {
          revision: 5,
          version: '3.42.7',
          action: 'Configure',
          result: 'Succeeded',
          startTime: iso(now - 31 * day),
          completionTime: iso(now - 31 * day + minute),
          changedBy: 'kubectl-patch',
          marks: [],
        },
      ],
    },
    backups: {
      more: 152,
      items: Array.from({ length: 6 }, (_, index) => ({
        name: `${row.name}-${iso(now - index * day).slice(0, 10)}`,
        backupID: `${iso(now - index * day)
          .slice(0, 10)
          .replaceAll('-', '')}t020000z`,
        verdict:
          (index === 0 && isIll) || signatures[index]?.is === 'Revoked'
            ? ('Bad' as const)
            : ('Good' as const),
        phase: index === 0 && isIll ? 'Failed' : 'Completed',
        time: iso(now - index * day - 7 * hour),
        completionTime: iso(now - index * day - 7 * hour + 3 * minute + index * 4000),
        version: row.version ?? row.wantedVersion,
        trigger: index === 4 ? 'PreUpdate' : 'Schedule',
        store: 'backups',
        totalBytes: 12_400_000_000 - index * 31_000_000,
        uploadedBytes: 210_000_000 + index * 9_000_000,
        verification: index === 2 ? 'Passed by Restore' : 'Passed by Checksum',
        ...(index === 0 && isIll ? {} : { signature: signatures[index] ?? trusted }),
        immutableUntilTime: iso(now + (180 - index) * day),
        ...(index === 0 && isIll
          ? { message: 'The store answered 403 AuthorizationFailure to the first block.' }
          : {}),
        ...(index === 3 ? { message: 'This backup is signed with a key that the store revokes.' } : {}),
        command: {
          purpose: 'restore this backup',
          command: `kubectl jtel restore ${of} --backup ${iso(now - index * day)
            .slice(0, 10)
            .replaceAll('-', '')}t020000z`,
        },
      })),
    },
    restores: {
      more: 0,
      items: [
        {
          name: `${row.name}-test-${iso(now - 2 * day).slice(0, 10)}`,
          verdict: 'Good',
          phase: 'Completed',
          mode: 'Test',
          time: iso(now - 2 * day),
          completionTime: iso(now - 2 * day + 11 * minute),
          backupID: `${iso(now - 2 * day)
            .slice(0, 10)
            .replaceAll('-', '')}t020000z`,
          recoveryTimeSeconds: 655,
        },
      ],
    },
    events: {
      more: 0,
      items: [
        event('Normal', 'BackupCompleted', 'Backup of 12.4 GiB, 210.0 MiB new, in 3m.', 1, 7 * hour),
        ...(isIll ? [event('Warning', row.reason ?? 'Degraded', row.message, 14, 4 * minute)] : []),
        event('Normal', 'Updated', `Runs ${row.wantedVersion}.`, 1, 2 * day),
      ],
    },
    commands: [
      { purpose: 'show what is wrong, and keep showing it', command: `kubectl jtel status ${of} -w` },
      { purpose: 'show what the operator would do now', command: `kubectl jtel plan ${of}` },
      { purpose: 'show the log of all services', command: `kubectl jtel logs ${of} -f` },
      { purpose: 'back up now, and wait for it', command: `kubectl jtel backup create ${of} --wait` },
      { purpose: 'go back to revision 6', command: `kubectl jtel rollback ${of} --to 6` },
      { purpose: 'open a shell in the database', command: `kubectl jtel exec ${of} acd-dbm -- bash` },
    ],
  };

  function condition(
    type: string,
    verdict: Verdict,
    reason: string,
    message: string,
    ago: number,
    meaning?: string,
  ) {
    const isTrouble = type === 'Drifted' || type === 'Paused';
    const status = verdict === 'Bad' || isTrouble ? ('False' as const) : ('True' as const);
    return {
      type,
      status,
      verdict,
      reason,
      message,
      ...(meaning === undefined ? {} : { meaning }),
      since: iso(now - ago),
    };
  }

  function event(type: 'Normal' | 'Warning', reason: string, message: string, count: number, ago: number) {
    return { type, reason, message, count, firstTime: iso(now - ago - hour), lastTime: iso(now - ago) };
  }
}

export const plan: Plan = {
  kind: 'Act',
  lines: [
    '1. Pull       acd-web:3.43.2, acd-chat:3.43.2',
    '2. Apply      acd-web-1, acd-web-2: the image differs',
    '3. WaitUntil  acd-web-1 and acd-web-2 are healthy',
  ],
};
