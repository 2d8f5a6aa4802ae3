/** What somebody who may write objects, or runs a host, could send: markup, endless words, other directions, and escapes. */
import type { StackDetail, StackRow, StoreRow } from '../../../web/protocol.ts';
import { detailOf } from './detail.ts';
import { iso } from './fleet.ts';

const endless = 'x'.repeat(253);
const turned = '\u202etxt.exe\u2066 \u05d0\u05d1\u05d2 مرحبا';
const words = `hostile <img src=x onerror=alert(1)> \u001b[31mred\u001b[0m ${turned} ${endless} {{constructor}} ]]>`;

export const hostileStack: StackRow = {
  key: `${'n'.repeat(63)}/${'s'.repeat(40)}`,
  namespace: 'n'.repeat(63),
  name: 's'.repeat(40),
  labels: { [`${endless}/${'l'.repeat(63)}`]: 'v'.repeat(63), '<b>': '"><script>alert(1)</script>' },
  version: '3.43.2-'.concat('9'.repeat(13)),
  wantedVersion: '4.0.0-'.concat('8'.repeat(14)),
  size: 'Large',
  host: endless,
  urgency: 0,
  verdict: 'Bad',
  phase: 'Unreachable',
  since: 'not a time',
  reason: 'R'.repeat(63),
  message: words,
  componentsReady: '12345678/1234567',
  createdTime: iso(0),
  operation: { type: 'T'.repeat(63), step: 'S'.repeat(63), percent: 150, message: words },
  wantsBackups: true,
  backups: { days: 'v<"o\u0000', lastDay: '<script>' },
  recoveryPoint: { time: iso(0), objectiveSeconds: 1 },
};

const usual = detailOf(hostileStack);
const command = { purpose: words, command: `kubectl jtel logs ${endless} -n '<script>alert(2)</script>'` };

export const hostileDetail: StackDetail = {
  ...usual,
  conditions: usual.conditions.map((each) => ({
    ...each,
    reason: 'R'.repeat(63),
    message: words,
    meaning: words,
  })),
  components: [
    {
      name: 'c'.repeat(63),
      verdict: 'Bad',
      image: endless,
      state: words,
      health: words,
      restarts: 9e15,
      command,
    },
  ],
  facts: [
    ['System', words],
    [endless, endless],
  ],
  history: {
    more: 1,
    items: [
      {
        revision: 9e15,
        version: endless,
        action: endless,
        result: 'Failed',
        sourceRevision: endless,
        changedBy: endless,
        message: words,
        marks: ['Wanted'],
        command,
      },
    ],
  },
  backups: {
    more: 0,
    items: [
      {
        name: endless,
        backupID: endless,
        verdict: 'Bad',
        phase: 'Failed',
        time: '<script>',
        version: endless,
        trigger: endless,
        totalBytes: 9e15,
        uploadedBytes: -1,
        progress: words,
        verification: words,
        signature: { is: 'Revoked', keyID: endless },
        message: words,
        command,
      },
    ],
  },
  restores: {
    more: 0,
    items: [
      {
        name: endless,
        verdict: 'Bad',
        phase: 'Failed',
        mode: 'Test',
        time: iso(0),
        backupID: endless,
        message: words,
      },
    ],
  },
  events: {
    more: 0,
    items: [
      {
        type: 'Warning',
        reason: 'R'.repeat(128),
        message: words,
        count: 9e15,
        firstTime: iso(0),
        lastTime: iso(0),
      },
    ],
  },
  commands: [command],
  planAbsent: words,
};

export const hostileStore: StoreRow = {
  key: `${'n'.repeat(63)}/${endless}`,
  namespace: 'n'.repeat(63),
  name: endless,
  tier: 'Customer',
  accessMode: 'ReadOnly',
  place: endless,
  verdict: 'Bad',
  backups: 9e15,
  lastBackupTime: '<b>',
  keys: [{ keyID: endless, use: 'Added', isRevoked: false }],
  bytes: 9e15,
  message: words,
};
