/**
 * Desired + observed → the next wave of actions. Pure: no I/O, no clock (`now` is an argument).
 *
 * The stages stand in the order in which a stack comes to life. The first that has something to say decides; a stage that
 * is satisfied says nothing. So "where are we?" needs no memory: a new process walks down the same list and stops at the
 * same place.
 */

import type { Plan, PlanInput, Stage, Verdict } from '../model.ts';
import { applyStage, backupStage } from './stages/change.ts';
import { diskStage, inputsStage, preflightStage, versionStage, windowStage } from '../desired/refusal.ts';
import { refuseStage } from './stages/beside.ts';
import { credentialsStage } from './stages/credentials.ts';
import { dataStage } from './stages/data.ts';
import { planDeletion } from './stages/deletion.ts';
import { lossStage } from './stages/loss.ts';
import { failureStage } from './stages/failure.ts';
import { hostStage, setUpStage, takeBackStage } from './stages/host.ts';
import { formerStage, leftStage, relocationStage, unusedStage } from './stages/relocation.ts';
import { olderStage } from './stages/older.ts';
import { outcomeStage, refusalStage } from './stages/outcome.ts';
import { cleanUpStage, driftStage, healthStage } from './stages/running.ts';
import { stopStage } from './stages/stop.ts';
import { wayBackStage } from './stages/way-back.ts';

const stages: readonly Stage[] = [
  olderStage,
  formerStage,
  inputsStage,
  hostStage,
  credentialsStage,
  takeBackStage,
  versionStage,
  windowStage,
  preflightStage,
  diskStage,
  unusedStage,
  setUpStage,
  stopStage,
  lossStage,
  relocationStage,
  wayBackStage,
  dataStage,
  refuseStage,
  failureStage,
  backupStage,
  applyStage,
  driftStage,
  healthStage,
  outcomeStage,
  cleanUpStage,
  leftStage,
  refusalStage,
];

/** @returns what to do next for this stack; never throws, never acts. */
export function plan(input: PlanInput): Plan {
  const { current } = input.observed.revisions ?? {};
  const verdict = decide(input);
  // Without a release, it waits for the first word of its channel.
  return current?.isNew === true && current.spec.version !== ''
    ? { ...verdict, record: { type: 'RecordRevision', number: current.number, cause: 'NewSpec' } }
    : verdict;
}

function decide(input: PlanInput): Verdict {
  if (input.stack.metadata.deletionTimestamp !== undefined) return planDeletion(input);
  for (const stage of stages) {
    const verdict = stage(input);
    if (verdict === undefined) continue;
    // A load beside it may take hours: meanwhile what somebody stops or changes is put right as ever.
    const serving = (verdict.kind === 'Wait' || verdict.kind === 'Blocked') && verdict.serving === true;
    return (serving ? driftStage(input) : undefined) ?? verdict;
  }
  return { kind: 'Done', step: 'Done' };
}
