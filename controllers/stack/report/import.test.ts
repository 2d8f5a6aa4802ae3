import { describe, expect, it } from 'vitest';
import type { ImportJobResult } from '../../../jobs/import.ts';
import { aPreparedHost, aStack, container, identity, now, observing, loaded } from '../testing.ts';
import { importedFrom } from '../../inputs/import-source.ts';
import { plan } from '../plan/plan.ts';
import { summarise } from './status.ts';
import type { JtelStackStatus } from '../../../crds/index.ts';

const database = {
  address: 'old',
  port: 3306,
  credentialsSecretRef: { name: 'old' },
  tls: 'Preferred',
} as const;
const finishedSeconds = now.getTime() / 1000 - 60;
const pulled = { pullTime: '2026-03-01T02:59:00Z', tables: 2 };

function result(changes: Partial<ImportJobResult> = {}): ImportJobResult {
  return {
    loadID: 'l',
    phase: 'Pull',
    tables: 2,
    rows: 5,
    copied: 2,
    remarks: [],
    moreRemarks: 0,
    ...changes,
  };
}

function statusOf(
  told: unknown,
  known?: JtelStackStatus['import'],
  source: 'Import' | 'Vanilla' = 'Import',
  data?: ReturnType<typeof loaded>,
  state: 'Running' | 'Succeeded' = 'Succeeded',
) {
  const job = {
    name: 'job',
    uid: `stack-uid-pull-${importedFrom({ initialData: { source: 'Import', import: { database } } })}`,
    type: 'import',
    state,
    finishedSeconds,
  } as const;
  const initialData = source === 'Import' ? { source, import: { database } } : { source };
  const stack = aStack({ initialData }, {}, known === undefined ? {} : { import: known });
  const observed = observing(
    aPreparedHost({ containers: [container('acd-dbm')], jobs: [job] }, data === undefined ? {} : { data }),
    told === undefined && state === 'Succeeded' ? {} : { load: { job, result: told } },
  );
  const planned = plan({ ...observed, stack, observed, identity, now });
  return summarise({ clusterID: identity.clusterID, ...observed, stack, observed, plan: planned, now })
    .import;
}

describe('an import in the status', () => {
  it('tells when everything was pulled, and what was not brought over', () => {
    const remarks = Array.from({ length: 120 }, (_, n) => ({ kind: 'Account', what: `a${n}@%` }) as const);
    const status = statusOf(result({ remarks, moreRemarks: 3 }));
    expect(status).toMatchObject({ ...pulled, moreNotBrought: 23 });
    expect(status?.notBrought).toHaveLength(100);
  });
  it('keeps that when it is finished', () => {
    const known = { ...pulled, notBrought: [{ kind: 'View', what: 'v' } as const] };
    expect(statusOf(result({ phase: 'Finish', tables: 3, copied: 1 }), known)).toEqual({
      ...known,
      tables: 3,
      rows: 5,
      copiedTables: 1,
      finishTime: '2026-03-01T02:59:00Z',
    });
  });
  it('is kept while nothing new is seen', () => expect(statusOf(undefined, pulled)).toEqual(pulled));
  it('stays finished while the job that pulled is still there', () => {
    const finished = { ...pulled, finishTime: '2026-03-01T02:59:30Z' };
    expect(statusOf(result(), finished, 'Import', loaded())).toEqual(finished);
  });
  it('is finished by the record of its data, when the operator was killed before it told that', () => {
    const data = { source: 'import from old:3306', time: '2026-03-01T02:59:30Z' };
    expect(statusOf(undefined, pulled, 'Import', data)).toEqual({ ...pulled, finishTime: data.time });
    const restored = { ...data, source: 'backup 20260105t020000z-3f9a1c' };
    expect(statusOf(undefined, pulled, 'Import', restored)).toEqual(pulled);
  });
  it('goes when everything is pulled anew', () => {
    expect(statusOf(undefined, pulled, 'Import', undefined, 'Running')).toBeUndefined();
  });
  it('is not made of what another toolbox says', () =>
    expect(statusOf({ tables: 'many' }, pulled)).toEqual(pulled));
  it('goes with another source, unless it has its data', () => {
    expect(statusOf(undefined, pulled, 'Vanilla')).toBeUndefined();
    const finished = { ...pulled, finishTime: '2026-03-01T02:59:00Z' };
    expect(statusOf(undefined, finished, 'Vanilla')).toEqual(finished);
  });
});
