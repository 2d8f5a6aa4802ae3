/** For tests of schedules: what a stack says about its backups, as the API server would hand it out, with its defaults. */
import type { JtelStack } from '../../crds/index.ts';

/** Every night at its plain time; a test that is about the spread says so. */
export const nightly = {
  storeRef: { name: 'backups' },
  schedule: '0 2 * * *',
  timeZone: 'Europe/Berlin',
  scheduleSpreadMinutes: 0,
  state: 'Enabled',
  verify: 'Checksum',
  method: 'Physical',
  startDeadlineMinutes: 720,
  historyLimit: 14,
} as const satisfies JtelStack['spec']['backup'];
