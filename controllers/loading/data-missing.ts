/** Whether the stack controller found that the data are gone. Then nothing can be kept or backed up. Pure. */

import type { JtelStackStatus } from '../../crds/index.ts';

export function isDataMissing(status: JtelStackStatus | undefined): boolean {
  return (
    status?.conditions?.some(
      ({ type, status: is, reason }) => type === 'DataLoaded' && is !== 'True' && reason === 'DataMissing',
    ) === true
  );
}
