/** Whether a stack's own controller found that its data are gone: nothing of them can be kept or backed up then. Pure. */

import type { JtelStackStatus } from '../../crds/index.ts';

export function isDataMissing(status: JtelStackStatus | undefined): boolean {
  return (
    status?.conditions?.some(
      ({ type, status: is, reason }) => type === 'DataLoaded' && is !== 'True' && reason === 'DataMissing',
    ) === true
  );
}
