/** Which restore tells how long a recovery takes: the condition RecoveryObjectivesMet and the metric say the same. */
import type { JtelRestore } from '../../crds/index.ts';

export interface MeasuredRestore {
  readonly name: string;
  readonly recoveryTimeSeconds: number;
}

/** The newest that completed and was measured, tests included. */
export function lastMeasuredRestore(restores: readonly JtelRestore[]): MeasuredRestore | undefined {
  const [newest] = restores
    .flatMap(({ metadata: { name }, status: { phase, recoveryTimeSeconds, completionTime = '' } = {} }) =>
      phase === 'Completed' && recoveryTimeSeconds !== undefined
        ? [{ name, recoveryTimeSeconds, completionTime }]
        : [],
    )
    .toSorted((a, b) => (a.completionTime < b.completionTime ? 1 : -1));
  return newest;
}
