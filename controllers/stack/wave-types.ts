/** What the waves of the stack controller are about, and what its parts have to know of a look together. */
import type { JtelStack } from '../../crds/index.ts';
import type { WaveTypes } from '../../runtime/control/wave-controller.ts';
import type { Problem } from '../inputs/outcome.ts';
import type { Action } from './actions.ts';
import type { Progress } from './act/execute.ts';
import type { RecordedStep } from './desired/revisions.ts';
import type { AwayFormers } from './former-pauses.ts';
import type { Look as StackLook } from './look.ts';
import type { Plan } from './model.ts';

export interface StackTypes extends WaveTypes {
  readonly object: JtelStack;
  readonly seen: StackLook & { readonly depth: 'quick' | 'full' };
  readonly plan: Plan;
  readonly found: {
    /** Under which the host is held, or is claimed by the wave that is due. */
    readonly epoch: number | undefined;
    /** Names of Secrets, see `kept-secrets.ts`. */
    readonly keptSecrets: readonly string[];
    /** For an operation that begins. */
    readonly operationID: string;
    /** Of the wave that is due. */
    readonly changeNumber: number | undefined;
  };
  readonly action: Action;
  readonly progress: Progress;
  readonly failure: Problem;
  readonly notes: {
    /** How often drift was corrected without the stack having come to rest in between. */
    readonly repairs: number;
    /** Unix milliseconds of the last full observation. */
    readonly fullObservationTime: number;
    /** Of the change under way, as its revision should keep them. */
    readonly steps: readonly RecordedStep[];
    /** Unix milliseconds at which the host was first found away. */
    readonly awaySince: number | undefined;
    readonly awayFormers: AwayFormers;
    /** Of the old host of a move, once nothing that was begun there for the spec before goes on. */
    readonly quietMachineID: string;
  };
}

/** Step of a wave that only records a new spec. */
export const recordStep = 'Record';
