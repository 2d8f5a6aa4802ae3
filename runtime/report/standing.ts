/**
 * Conditions that others judge an object by: kstatus (Flux, Helm 4), Argo CD's health scripts and `kubectl wait`. They mean the
 * same for every kind, whatever else its conditions say.
 */
import type { ConditionDraft } from './conditions.ts';

/** `Working` goes on by itself, `Well` is as it was asked for, `Failed` needs somebody. */
export type Standing = 'Working' | 'Well' | 'Failed';

/** Only present while they are true: kstatus takes one that is there for news. */
export const transientStanding = ['Reconciling', 'Stalled'] as const;

/** Ready, always; Reconciling or Stalled beside it while they are true. Reason and message say why. */
export function standingConditions<Reason extends string>(
  standing: Standing,
  reason: Reason,
  message: string,
): readonly (ConditionDraft & {
  readonly type: 'Ready' | (typeof transientStanding)[number];
  readonly reason: Reason;
})[] {
  const why = { reason, message };
  const ready = { type: 'Ready', status: standing === 'Well' ? 'True' : 'False', ...why } as const;
  if (standing === 'Well') return [ready];
  return [ready, { type: standing === 'Working' ? 'Reconciling' : 'Stalled', status: 'True', ...why }];
}
