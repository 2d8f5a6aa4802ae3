/** How every stage makes a wave that changes the host, so that none forgets to claim it. */

import type { Action } from '../actions.ts';
import type { Plan, PlanInput, Step } from '../model.ts';

/** A wave that changes the host: claims it first unless this process holds it already. */
export function act(input: PlanInput, step: Step, actions: readonly Action[], message: string): Plan {
  const state = input.observed.host.ok ? input.observed.host.value.state : undefined;
  const held = state !== undefined && state.epoch === input.identity.heldEpoch && state.owner.uid === input.stack.metadata.uid;
  return { kind: 'Act', step, wave: held ? actions : [{ type: 'ClaimHost' }, ...actions], message };
}
