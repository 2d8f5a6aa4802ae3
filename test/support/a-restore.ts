/** Builds a JtelRestore as the API server would hand it out: whole, with its defaults. */
import type { JtelRestore } from '../../crds/index.ts';
import { optional } from '../../base/optional.ts';

export interface OtherParts {
  readonly status?: JtelRestore['status'];
  readonly metadata?: Partial<JtelRestore['metadata']>;
}

/** By default it replaces the data of `acme/main` by its newest backup. */
export function aRestore(spec: Partial<JtelRestore['spec']> = {}, others: OtherParts = {}): JtelRestore {
  return {
    apiVersion: 'jtel.de/v1alpha1',
    kind: 'JtelRestore',
    metadata: {
      namespace: 'acme',
      name: 'back',
      uid: 'restore-uid',
      generation: 1,
      ...others.metadata,
    } as JtelRestore['metadata'],
    spec: {
      stackRef: { name: 'main' },
      source: { latestOf: 'acme.main' },
      mode: 'Execute',
      ifNotEmpty: 'Replace',
      confirmReplace: 'main',
      preRestoreBackup: 'Required',
      verify: 'Checksum',
      inPlace: 'Refuse',
      keepPreviousHours: 24,
      ...spec,
    },
    ...optional({ status: others.status }),
  };
}
