/** A stack that is to stand still: what runs is stopped, on both hosts of a move, and what a load brought until then is kept. */

import { isUp } from '../../../hosts/health.ts';
import type { ActionType } from '../../actions.ts';
import type { PlanInput, Verdict } from '../../model.ts';
import { act } from './act.ts';
import { dataStage } from './data.ts';
import { besidesDatabase } from '../../desired/stranded.ts';
import { holdMove, isHandedOver } from './relocation.ts';

/** Amid a move the stack runs where it came from. Its database stays up there, because the move goes on with a backup of it. */
function stopOld(input: PlanInput): Verdict | undefined {
  const { stack, observed } = input;
  const { relocation } = observed;
  if (relocation === undefined) return undefined;
  if (!relocation.old.ok)
    return relocation.source === 'Migrate' && !isHandedOver(stack, relocation)
      ? holdMove(input, relocation)
      : undefined;
  const { keep, running } = besidesDatabase(input, relocation.old.value);
  if (running === 0) return undefined;
  const { machineID } = relocation.from;
  return {
    kind: 'Act',
    step: 'Stop',
    wave: [{ type: 'StopFormer', machineID, keep, cause: 'ToldToStop' }],
    facts: { is: 'StoppingContainers', containers: running },
  };
}

/** `powerState: Stopped` ends the walk after the host is in order: nothing is loaded or started. */
export function stopStage(input: PlanInput): Verdict | undefined {
  const { stack, observed } = input;
  if (stack.spec.powerState !== 'Stopped' || !observed.host.ok) return undefined;
  const old = stopOld(input);
  if (old !== undefined) return old;
  const running = observed.host.value.containers.filter(isUp);
  if (running.length === 0) return endedLoad(input) ?? { kind: 'Done', step: 'Stop' };
  return act(input, 'Stop', [{ type: 'StopStack', cause: 'ToldToStop' }], {
    is: 'StoppingContainers',
    containers: running.length,
  });
}

const recording: ReadonlySet<ActionType> = new Set(['ClaimHost', 'RecordData', 'RemoveJob']);

/**
 * The job of a load in place or of a move that ended meanwhile must not lie about until the stack runs again. What it loaded is
 * noted, for which nothing is started; what failed is tried again then.
 */
function endedLoad(input: PlanInput): Verdict | undefined {
  const { host, load, relocation } = input.observed;
  if (!host.ok || load === undefined) return undefined;
  const { state, type, uid } = load.job;
  if (state === 'Succeeded') {
    // What a start would need does not matter: a load of a move has begun, so the old host is done with.
    const verdict = dataStage(input);
    return verdict?.kind === 'Act' && verdict.wave.every((action) => recording.has(action.type))
      ? verdict
      : undefined;
  }
  const overwrites = relocation !== undefined || host.value.state?.data?.state === 'Incomplete';
  if (state !== 'Failed' || type !== 'restore' || !overwrites) return undefined;
  return act(input, 'Stop', [{ type: 'RemoveJob', uid, cause: 'LoadFailed' }], { is: 'CleaningUp' });
}
