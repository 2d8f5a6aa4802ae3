/** The planner on an import: it pulls, waits for people, finishes, and never takes what was pulled for what counts. */
import { describe, expect, it } from 'vitest';
import { annotations, type JtelStackSpec } from '../../../crds/index.ts';
import type { JobReport, ObservedJob } from '../../../host-driver/host.ts';
import { aPreparedHost, aStack, container, now, observing, planInput, wave, type Scene } from '../testing.ts';
import { plan } from './plan.ts';
import { importedFrom } from '../../inputs/import-source.ts';
import type { PlanInput } from '../model.ts';

const database = {
  address: '192.0.2.7',
  port: 3306,
  credentialsSecretRef: { name: 'old' },
  tls: 'Preferred',
} as const;
const from = importedFrom({ initialData: { source: 'Import', import: { database } } });

const source = {
  kind: 'Import',
  source: 'import from 192.0.2.7:3306',
  version: '3.43.2',
  database: 'Logical',
  dataSets: ['database'],
} as const;

function job(
  part: 'pull' | 'finish' | 'load',
  state: ObservedJob['state'],
  more: Partial<ObservedJob> = {},
): ObservedJob {
  const uid = part === 'load' ? 'stack-uid-load' : `stack-uid-${part}-${from}`;
  return {
    name: `jtel-job-${uid}`,
    uid,
    type: part === 'load' ? 'load' : 'import',
    state,
    finishedSeconds,
    ...more,
  };
}

const finishedSeconds = now.getTime() / 1000 - 60;
const pulledAt = '2026-03-01T02:59:00Z';

function scene(jobs: readonly ObservedJob[], report?: JobReport): Scene {
  const load = report ?? (jobs[0] === undefined ? undefined : { job: jobs[0] });
  return observing(aPreparedHost({ containers: [container('acd-dbm')], jobs }), {
    initialData: { ok: true, value: source },
    ...(load === undefined ? {} : { load }),
  });
}

function importing(
  changes: { finishAt?: string; asked?: string; database?: object } = {},
): Pick<PlanInput, 'stack'> {
  const { finishAt, asked } = changes;
  const initialData: JtelStackSpec['initialData'] = {
    source: 'Import',
    import: {
      database: { ...database, ...changes.database },
      ...(finishAt === undefined ? {} : { finishAt }),
    },
  };
  const marked = asked === undefined ? {} : { annotations: { [annotations.finishImport]: asked } };
  return { stack: aStack({ initialData }, marked) };
}

const at = (seconds: number): string => new Date(now.getTime() + seconds * 1000).toISOString();

describe('an import', () => {
  it('starts the database, and pulls into it', () => {
    const bare = observing(aPreparedHost(), { initialData: { ok: true, value: source } });
    expect(wave(bare, importing())).toEqual(['PullImages', 'StartDatabase']);
    expect(plan(planInput(scene([]), importing()))).toMatchObject({
      kind: 'Act',
      wave: [{ type: 'StartImport', phase: 'Pull' }],
    });
  });

  it('shows how far the pull is', () => {
    expect(wave(scene([job('pull', 'Running')]), importing())).toEqual(['Wait', 'LoadingData']);
  });

  it.each([
    ['waits for people once everything was pulled', {}, 300],
    ['waits for the time that the spec says', { finishAt: at(40) }, 40],
    ['is not finished by the consent to an earlier pull', { asked: at(-900) }, 300],
  ])('%s, and records nothing', (_, asked, afterSeconds) => {
    expect(plan(planInput(scene([job('pull', 'Succeeded')]), importing(asked)))).toMatchObject({
      kind: 'Wait',
      reason: 'ImportWaits',
      afterSeconds,
    });
  });

  it.each([
    ['when somebody says so', { asked: pulledAt }],
    ['when the time has come', { finishAt: at(-1) }],
  ])('is finished %s', (_, asked) => {
    expect(plan(planInput(scene([job('pull', 'Succeeded')]), importing(asked)))).toMatchObject({
      kind: 'Act',
      wave: [{ type: 'StartImport', phase: 'Finish' }],
    });
  });

  it('pulls first, also when the time has come', () => {
    expect(plan(planInput(scene([]), importing({ finishAt: at(-1) })))).toMatchObject({
      wave: [{ type: 'StartImport', phase: 'Pull' }],
    });
  });

  it('starts the database again before it is finished', () => {
    const { host: _host, ...rest } = scene([job('pull', 'Succeeded')]);
    const host = { ok: true, value: aPreparedHost({ jobs: [job('pull', 'Succeeded')] }) } as const;
    expect(wave({ ...rest, host }, importing({ asked: pulledAt }))).toEqual(['PullImages', 'StartDatabase']);
  });

  it('counts once the job that finishes it has succeeded', () => {
    const jobs = [job('finish', 'Succeeded'), job('pull', 'Succeeded')];
    expect(plan(planInput(scene(jobs), importing({ asked: pulledAt })))).toMatchObject({
      wave: [
        { type: 'RecordData', data: { source: source.source, dataSets: ['database'] } },
        { type: 'RemoveJob', uid: `stack-uid-finish-${from}` },
      ],
    });
  });

  it.each([
    ['SourceRefused', 'ImportRefused', true],
    ['ImportImpossible', 'ImportImpossible', true],
    ['SourceUnreachable', 'ImportUnreachable', false],
    ['SourceInUse', 'ImportInUse', false],
    ['ImportDiffers', 'ImportDiffers', false],
    ['DiskFull', 'DiskFull', false],
    ['DataNotEmpty', 'DataNotEmpty', true],
  ])('that failed with %s says %s', (reason, expected, stalled) => {
    const failed = job('finish', 'Failed', { finishedSeconds: now.getTime() / 1000 - 1 });
    const observed = scene([failed], { job: failed, error: { reason, message: 'why' } });
    expect(plan(planInput(observed, importing({ asked: pulledAt })))).toMatchObject({
      kind: 'Blocked',
      condition: 'DataLoaded',
      reason: expected,
      stalled,
    });
  });
});

describe('a source that is changed', () => {
  it('ends an import before vanilla data are loaded: what was pulled never counts as them', () => {
    const jobs = [job('pull', 'Succeeded'), job('finish', 'Failed')];
    const vanilla = observing(aPreparedHost({ containers: [container('acd-dbm')], jobs }));
    expect(plan(planInput(vanilla))).toMatchObject({
      wave: [
        { type: 'RemoveJob', uid: `stack-uid-pull-${from}` },
        { type: 'RemoveJob', uid: `stack-uid-finish-${from}` },
      ],
    });
  });

  it.each([
    ['another server', { address: '192.0.2.8' }],
    ['another port', { port: 3307 }],
    ['fewer schemas', { schemas: ['jtel'] }],
  ])('to %s ends the import that was begun, so that it never counts as this one', (_, changed) => {
    const jobs = [job('finish', 'Succeeded'), job('pull', 'Succeeded')];
    const { load: _load, ...observed } = scene(jobs);
    expect(plan(planInput(observed, importing({ asked: pulledAt, database: changed })))).toMatchObject({
      wave: [
        { type: 'RemoveJob', uid: `stack-uid-finish-${from}`, cause: 'SourceChanged' },
        { type: 'RemoveJob', uid: `stack-uid-pull-${from}`, cause: 'SourceChanged' },
      ],
    });
  });

  it('to another account goes on', () => {
    const better = importing({ database: { credentialsSecretRef: { name: 'better' }, tls: 'Required' } });
    expect(plan(planInput(scene([job('pull', 'Succeeded')]), better))).toMatchObject({
      reason: 'ImportWaits',
    });
  });

  it('ends a load of vanilla data before something is imported', () => {
    const { load: _load, ...observed } = scene([job('load', 'Running')]);
    expect(plan(planInput(observed, importing()))).toMatchObject({
      wave: [{ type: 'RemoveJob', uid: 'stack-uid-load' }],
    });
  });
});
