/**
 * How others judge every phase of every kind: kstatus, which Flux and Helm 4 wait with, and Argo CD by our
 * scripts (docs/gitops.md).
 */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readCRDs, schemaOf } from '../../../crds/crd.ts';
import { judgeHealth, prepareHealth, type HealthAnswer } from '../../support/judges.ts';
import { judged, type Judged, type Kind } from './objects.ts';

const settings = parse(
  readFileSync(new URL('../../../deploy/argocd/argocd-cm.yaml', import.meta.url), 'utf8'),
) as { readonly data: Readonly<Record<string, string>> };
const scriptFor = (kind: string): string =>
  settings.data[`resource.customizations.health.jtel.de_${kind}`] ?? '';

function asked({ kind, object }: Pick<Judged, 'kind' | 'object'>): { script: string; object: object } {
  return { script: scriptFor(kind), object: { apiVersion: 'jtel.de/v1alpha1', ...object, kind } };
}

beforeAll(prepareHealth);

const kinds: readonly Kind[] = ['JtelStack', 'JtelBackup', 'JtelRestore', 'JtelBackupStore', 'JtelChannel'];

describe.each(kinds)('%s', (kind) => {
  const cases = judged.filter((one) => one.kind === kind);
  let answers: ReadonlyMap<string, HealthAnswer>;
  beforeAll(async () => {
    const given = await judgeHealth(cases.map(asked));
    answers = new Map(cases.map(({ situation }, index) => [situation, given[index] as HealthAnswer]));
  });

  test.each(cases)('$situation: $kstatus, $argo', ({ situation, kstatus, argo }) => {
    const answer = answers.get(situation);
    expect([answer?.kstatus.status, answer?.argo.status]).toEqual([kstatus, argo]);
  });

  test('a newer spec is in progress, whatever the status says of the one before', async () => {
    const newer = cases
      .filter(({ kstatus }) => kstatus !== 'Terminating')
      .map(({ object }) => ({
        kind,
        object: { ...object, metadata: { ...object.metadata, generation: 2 } },
      }));
    const given = await judgeHealth(newer.map(asked));
    expect([...new Set(given.map(({ kstatus, argo }) => `${kstatus.status} ${argo.status}`))]).toEqual([
      'InProgress Progressing',
    ]);
  });

  test('is Ready, for kubectl wait, exactly when it is well, or paused while it serves', () => {
    const ready = cases.filter(({ object }) => statusOf(object).conditions?.some(isReady));
    const good = cases.filter(({ kstatus }) => kstatus === 'Current').map(({ situation }) => situation);
    expect(ready.map(({ situation }) => situation)).toEqual(
      good.filter((situation) => situation !== 'Observing, and nothing was ever installed'),
    );
  });

  test('no phase is missing here', () => {
    const schema = readCRDs().find(({ spec }) => spec.names.kind === kind);
    const phase = schema && schemaOf(schema).properties?.['status']?.properties?.['phase'];
    const seen = new Set(cases.map(({ object }) => statusOf(object).phase));
    const phases = phase?.enum ?? [];
    // Stores and channels have none; elsewhere an empty list would mean that the schema was not found.
    expect(phases.length > 0).toBe(kind !== 'JtelBackupStore' && kind !== 'JtelChannel');
    expect(phases.filter((one) => !seen.has(one))).toEqual([]);
  });

  test('nobody has looked at it when the API server has made its status', () => {
    const schema = readCRDs().find(({ spec }) => spec.names.kind === kind);
    const unseen = cases.find(({ situation }) => situation === 'not looked at');
    expect(schema && schemaOf(schema).properties?.['status']?.default).toEqual(statusOf(unseen?.object));
  });
});

test('a channel has the reason that its situation is called by', () => {
  const cases = judged.filter(({ kind }) => kind === 'JtelChannel');
  const reasons = cases.map(
    ({ object }) => statusOf(object).conditions?.find(({ type }) => type === 'Ready')?.reason,
  );
  expect(reasons.map((reason) => reason ?? 'not looked at')).toEqual(cases.map(({ situation }) => situation));
});

interface Status {
  readonly phase?: string;
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason?: string;
  }[];
}

function statusOf(object: object | undefined): Status {
  return (object as { readonly status?: Status } | undefined)?.status ?? {};
}

function isReady({ type, status }: { readonly type: string; readonly status: string }): boolean {
  return type === 'Ready' && status === 'True';
}
