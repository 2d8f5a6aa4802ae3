/** All benchmarks, in the order in which they run. */
import type { Benchmark } from '../benchmark.ts';
import { backupIncremental } from './backup-incremental.ts';
import { backupRedo } from './backup-redo.ts';
import { backupThroughput } from './backup-throughput.ts';
import { changeOneService } from './change-one-service.ts';
import { channelDecision } from './channel-decision.ts';
import { checkNoop } from './check-noop.ts';
import { deployOverhead } from './deploy-overhead.ts';
import { disasterRecovery } from './disaster-recovery.ts';
import { driftNotice } from './drift-notice.ts';
import { fleetAnswers } from './fleet-answers.ts';
import { fleetBenchmarks } from './fleet.ts';
import { logicalThroughput } from './logical-throughput.ts';
import { operatorMemory } from './operator-memory.ts';
import { restoreDowntime } from './restore-downtime.ts';
import { restoreThroughput } from './restore-throughput.ts';
import { sshHundred } from './ssh-hundred.ts';
import { updateDowntime } from './update-downtime.ts';
import { webMemory } from './web-memory.ts';
import { webChange, webFilter, webPaint } from './web-page.ts';

export const benchmarks: readonly Benchmark[] = [
  checkNoop,
  deployOverhead,
  changeOneService,
  driftNotice,
  updateDowntime,
  operatorMemory,
  sshHundred,
  ...fleetBenchmarks,
  channelDecision,
  fleetAnswers,
  webMemory,
  webPaint,
  webFilter,
  webChange,
  backupThroughput,
  backupIncremental,
  backupRedo,
  restoreThroughput,
  logicalThroughput,
  restoreDowntime,
  disasterRecovery,
];
