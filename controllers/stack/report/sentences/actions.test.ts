/** The words of actions: a status shows them beside those of facts, so both have one form. */
import { expect, it, test } from 'vitest';
import type { Action, ActionType } from '../../actions.ts';
import { describeAction, describeCause } from './actions.ts';
import { describe } from './index.ts';

type Fields<T extends ActionType> = Omit<Extract<Action, { readonly type: T }>, 'type' | 'cause'>;

const time = '2026-03-01T01:00:00Z';
const data = { source: 'backup b-1', time, state: 'Incomplete' } as const;
const finding = { reason: 'HealthGateFailed', facts: { is: 'Told', message: 'no' } } as const;
const attempt = { action: 'Update', startTime: time } as const;

const samples: { readonly [T in ActionType]: Fields<T> } = {
  EnsureCredentials: { generate: [], selfSigned: true },
  RecoverCredentials: { request: { generate: [], selfSigned: false } },
  ClaimHost: {},
  SetUpHost: {},
  WriteRelease: {},
  PullImages: {},
  StartDatabase: { services: ['acd-dbm'] },
  ConfirmOrder: { name: 'r-1', requestUID: 'u-1' },
  StartCheck: { source: 'backup b-1' },
  StartLoad: { source: 'backup b-1' },
  StartImport: { phase: 'Finish', source: 'import from 192.0.2.7:3306' },
  StartBeside: { source: 'backup b-1' },
  StartCount: { source: 'backup b-1' },
  RemoveBeside: { project: 'p' },
  SwitchVolumes: { switch: { volumes: {}, data }, carriedOut: [] },
  RefuseData: { requestUID: 'u-1', why: finding },
  MeasurePrevious: { volumes: [] },
  ForgetPrevious: {},
  PruneVolumes: {},
  CreateMoveBackup: { name: 'b-2' },
  StopFormer: { machineID: 'm-1', keep: ['acd-dbm'] },
  FenceFormer: { machineID: 'm-1', address: '192.0.2.10' },
  UnmarkMoved: {},
  RecordData: { data },
  ForgetData: {},
  RemoveJob: { uid: 'u-1' },
  RecordRevision: { number: 3 },
  NoteAttempt: { attempt },
  NoteFailure: { attempt, failure: { ...finding, time } },
  NoteOutcome: { outcome: { result: 'Succeeded', time } },
  CreateBackup: { name: 'b-2' },
  CreateRestore: { name: 'r-1', backupRef: 'b-2' },
  MarkUpdate: { mark: { from: '3.43.1', to: '3.43.2' } },
  EndUpdate: {},
  KeepLogs: { name: 'l', services: [] },
  RemoveRevisions: { names: [] },
  ApplyRelease: {},
  RecordApplied: {},
  PruneReleases: { keep: [] },
  StopStack: {},
  DestroyStack: {},
  DestroyFormer: { machineID: 'm-1' },
  RemoveCredentials: {},
  ReleaseFinalizer: {},
};

const gerund = /^[a-z]+ing /;

test.each(Object.entries(samples))('%s reads as work under way', (type, fields) => {
  expect(describeAction({ type, cause: 'NewSpec', ...fields } as Action)).toMatch(gerund);
});

it('says the same of one thing as the facts do', () => {
  expect(describeAction({ type: 'SetUpHost', cause: 'SetUpDiffers' })).toBe(
    describe({ is: 'SettingUpHost' }),
  );
});

it('has a cause as a clause', () => {
  expect(describeCause('NewSpec')).toBe('the spec is not in the change log');
});
