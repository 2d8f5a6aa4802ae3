/** A made-up fleet for the page: rows and details as its server sends them, the same each time but for the moment. */
import type { RunningOperation, StackRow, StoreRow, Verdict } from '../../../web/protocol.ts';

const first = (
  'alpen aurora baltic bernstein birken blau brocken delta donau eider elbe falken fjord gletscher granit hafen heide ' +
  'isar jura kiefer kranich lech linden moldau neckar nord oder ostsee quell rhein saale sonnen spree tauber ulmen ' +
  'werra weser wiesen zander zugspitz'
).split(' ');
const second = (
  'bank care claims clinic connect dental direct energie express finanz forum freight gas handel help hotel insure kliniken ' +
  'line logistik media mobil netz pflege post reisen service strom tel versand'
).split(' ');

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

interface Case {
  readonly verdict: Verdict;
  readonly phase: string;
  readonly urgency: number;
  readonly available?: boolean;
  readonly up: string;
  readonly reason?: string;
  readonly message: string;
  readonly operation?: RunningOperation;
  readonly days?: string;
  readonly running?: string;
}

const well: Case = {
  verdict: 'Good',
  phase: 'Ready',
  urgency: 90,
  available: true,
  up: '9/9',
  message: 'All 9 services run and are healthy.',
};

/** Those that are not well, at their places in the fleet. */
const cases: Readonly<Record<number, Case>> = {
  3: {
    verdict: 'Bad',
    phase: 'Stalled',
    urgency: 1,
    available: true,
    up: '9/9',
    reason: 'HostKeyMismatch',
    message:
      'The host shows the key SHA256:Rr0v…, which is not pinned. Compare it on the machine, then pin it in spec.host.hostKeyFingerprints.',
    days: 'vvvvvvvvvvvvvvvvvvvvvvvvvvvffn',
  },
  17: {
    verdict: 'Bad',
    phase: 'Degraded',
    urgency: 2,
    available: false,
    up: '7/9',
    reason: 'ServiceUnhealthy',
    message: 'acd-dbm and acd-web-1 are unhealthy: connection to 127.0.0.1:3306 refused for 4 minutes.',
  },
  42: {
    verdict: 'Bad',
    phase: 'Ready',
    urgency: 4,
    available: true,
    up: '9/9',
    reason: 'BackupOverdue',
    message: 'BackupHealthy: the newest backup is 34 hours old, and the schedule wants one each night.',
    days: 'vvvvvvvvvvvvvvvvdvvvvvvvvvvvfn',
  },
  77: {
    verdict: 'Unknown',
    phase: 'Unreachable',
    urgency: 3,
    up: '9/9',
    reason: 'HostUnreachable',
    message: 'No SSH connection to 10.20.7.14:22 for 11 minutes: timed out. The stack was well before.',
  },
  104: {
    verdict: 'Busy',
    phase: 'Updating',
    urgency: 7,
    available: true,
    up: '8/9',
    reason: 'UpdatingDatabase',
    message: 'Waits for acd-dbm, which updates the database: 214 of 350 steps.',
    operation: { type: 'Update', step: 'UpdatingDatabase', percent: 61 },
    running: '3.43.2',
  },
  230: {
    verdict: 'Busy',
    phase: 'Restoring',
    urgency: 6,
    available: true,
    up: '9/9',
    reason: 'LoadingData',
    message: 'Loads backup 20261128t020000z beside the data in use: 3.1 of 12.4 GiB.',
    operation: { type: 'Restore', step: 'LoadingData', percent: 25 },
  },
  311: {
    verdict: 'Busy',
    phase: 'Installing',
    urgency: 8,
    available: false,
    up: '0/9',
    reason: 'Pulling',
    message: 'Pulls 4 of 9 images.',
    operation: { type: 'Install', step: 'Pulling', percent: 44 },
    days: '-----------------------------n',
  },
  404: {
    ...well,
    verdict: 'Neutral',
    phase: 'Stopped',
    urgency: 60,
    available: false,
    up: '0/0',
    message: 'Stopped, as spec.powerState wants.',
  },
  517: {
    ...well,
    verdict: 'Neutral',
    phase: 'Suspended',
    urgency: 50,
    message: 'Suspended by spec.suspend: nothing is changed.',
  },
};

const labelsOf = (index: number): Readonly<Record<string, string>> => ({
  'jtel.de/tier': ['gold', 'silver', 'bronze'][index % 3] ?? '',
  'jtel.de/region': ['eu-north', 'eu-central'][index % 2] ?? '',
});

export function fleetOf(count: number, now = Date.now()): StackRow[] {
  return Array.from({ length: count }, (_, index) => stackAt(index, now)).toSorted(
    (a, b) => a.urgency - b.urgency || (a.key < b.key ? -1 : 1),
  );
}

export function stackAt(index: number, now: number): StackRow {
  const one = cases[index] ?? well;
  const stem = `${first[index % first.length]}-${second[Math.floor(index / first.length) % second.length]}`;
  const round = Math.floor(index / (first.length * second.length));
  const namespace = round === 0 ? stem : `${stem}-${round}`;
  const name = index % 11 === 4 ? 'test' : 'main';
  const wantedVersion =
    one.phase === 'Updating'
      ? '3.44.0'
      : (['3.43.2', '3.43.1', '3.42.7'][index % 7 === 0 ? 1 : index % 23 === 0 ? 2 : 0] ?? '');
  const days = one.days ?? (index % 13 === 5 ? 'vvvvvvvvvovvvvvvvvvfvvvvvvvvvv' : 'v'.repeat(30));
  const isBacked = index % 29 !== 8;
  const lastBackup = now - (days.endsWith('n') ? 34 * hour : ((index * 7) % 420) * minute + 5 * hour);
  return {
    key: `${namespace}/${name}`,
    namespace,
    name,
    labels: labelsOf(index),
    ...(one.phase === 'Installing' ? {} : { version: one.running ?? wantedVersion }),
    wantedVersion,
    size: (['Small', 'Medium', 'Large'] as const)[index % 3] ?? 'Small',
    host: `10.20.${Math.floor(index / 250)}.${(index % 250) + 2}`,
    urgency: one.urgency,
    verdict: one.verdict,
    phase: one.phase,
    since: iso(now - (one.verdict === 'Good' ? ((index % 90) + 1) * day : ((index % 50) + 3) * minute)),
    ...(one.available === undefined ? {} : { available: one.available }),
    ...(one.reason === undefined ? {} : { reason: one.reason }),
    message: one.message,
    componentsReady: one.up,
    createdTime: iso(now - 200 * day),
    ...(one.operation === undefined ? {} : { operation: { ...one.operation, since: iso(now - 4 * minute) } }),
    wantsBackups: isBacked,
    ...(isBacked ? { backups: { days, lastDay: iso(now).slice(0, 10) } } : {}),
    ...(isBacked && one.phase !== 'Installing'
      ? { recoveryPoint: { time: iso(lastBackup), objectiveSeconds: 26 * 3600 } }
      : {}),
    ...(index % 5 === 0 && isBacked
      ? { restoreTest: { result: 'Passed', time: iso(now - (index % 20) * day) } }
      : {}),
  };
}

export function storesOf(count: number, now = Date.now()): StoreRow[] {
  const vendor: StoreRow = {
    key: 'jtel/releases',
    namespace: 'jtel',
    name: 'releases',
    tier: 'Vendor',
    accessMode: 'ReadOnly',
    place: 'jtelreleases / releases',
    verdict: 'Good',
    reachable: true,
    backups: 41,
    message: '41 releases, the newest 3.44.0.',
  };
  const rows = Array.from({ length: count }, (_, index): StoreRow => {
    const { namespace } = stackAt(index, now);
    const kind = index === 6 ? 'Away' : index === 9 ? 'Open' : 'Well';
    return {
      key: `${namespace}/backups`,
      namespace,
      name: 'backups',
      tier: 'Customer',
      accessMode: 'ReadWrite',
      place: `jtelbackups${index % 4} / ${namespace}`,
      verdict: kind === 'Well' ? 'Good' : 'Bad',
      reachable: kind !== 'Away',
      ...(kind === 'Away' ? {} : { immutable: kind === 'Well' }),
      backups: 30 + (index % 150),
      lastBackupTime: iso(now - ((index * 7) % 420) * minute - 5 * hour),
      keys: [
        { keyID: '7d0b3a5c19e84f26a1c2d3e4f5061728', use: 'Earlier', isRevoked: index === 9 },
        { keyID: 'e14c9ab07f3d52886b5a49382716f0e5', use: 'InUse', isRevoked: false },
      ],
      bytes: 4.2e9 + index * 9.1e7,
      message: {
        Well: 'Reachable; what is stored cannot be changed for 180 days.',
        Away: 'The store answers 403 to its credentials since 07:12: renew the Secret store-credentials.',
        Open: 'An attempt to delete succeeded: the container has no locked policy.',
      }[kind],
    };
  });
  return [vendor, ...rows];
}

export const iso = (time: number): string => new Date(time).toISOString();
