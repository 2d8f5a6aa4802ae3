/** Metrics of each store. */
import { findCondition } from '../../runtime/report/conditions.ts';
import type { JtelBackupStore, StoreConditionType } from '../../crds/index.ts';
import { conditionMetrics, fromBoolean, ofStore, secondsOf, type BusinessMetric } from './model.ts';

export const storeMetrics: readonly BusinessMetric[] = [
  ofStore(
    'info',
    'Always 1; what the store is for, and what may be done with it',
    ({ spec }) => [{ labels: { tier: spec.tier, access: spec.accessMode }, value: 1 }],
    ['tier', 'access'],
  ),
  ofStore('available', '1 when the store answers and lets the operator in', (store) =>
    isTrue(store, 'Available'),
  ),
  ofStore('immutable', '1 when it was proven that nobody can change what is stored', (store) =>
    isTrue(store, 'Immutable'),
  ),
  ...conditionMetrics(ofStore, ({ status }) => status?.conditions),
  ofStore(
    'backups',
    'Complete backups in the store; in a vendor store, releases',
    ({ status }) => status?.backups,
  ),
  ofStore('last_backup_timestamp_seconds', 'When the newest of them was written', ({ status }) =>
    secondsOf(status?.lastBackupTime),
  ),
  ofStore(
    'last_check_timestamp_seconds',
    'When the store was last checked, as its status says: at rest that is written once a day',
    ({ status }) => secondsOf(status?.lastValidationTime),
  ),
  ofStore(
    'last_immutability_proof_timestamp_seconds',
    'When it was last tried whether the store refuses to overwrite and to delete',
    ({ status }) => secondsOf(status?.lastProofTime),
  ),
];

function isTrue({ status }: JtelBackupStore, type: StoreConditionType): number | undefined {
  const found = findCondition(status?.conditions, type)?.status;
  return found === undefined || found === 'Unknown' ? undefined : fromBoolean(found === 'True');
}
