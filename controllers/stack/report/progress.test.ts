import { expect, it } from 'vitest';
import type { JtelStackStatus } from '../../../crds/index.ts';
import type { Action } from '../actions.ts';
import type { Plan } from '../model.ts';
import { tellsProgress } from './progress.ts';

const operation: NonNullable<JtelStackStatus['operation']> = {
  id: '1',
  type: 'Install',
  step: 'SetUp',
  message: 'setting the host up',
  startTime: '2026-11-29T02:00:00Z',
  lastHeartbeatTime: '2026-11-29T02:00:00Z',
  epoch: 4,
};
const rest: Plan = { kind: 'Done', step: 'Done' };
const ensure: Action = {
  type: 'EnsureCredentials',
  generate: [],
  selfSigned: true,
  cause: 'CredentialsMissing',
};
const before: JtelStackStatus = { phase: 'Preparing', message: 'setting the host up', operation };

it.each<[string, JtelStackStatus]>([
  ['its step', { ...before, operation: { ...operation, step: 'Data', progressPercent: 3 } }],
  ['its phase', { ...before, phase: 'Starting', phaseStartTime: '2026-11-29T02:00:01Z' }],
  ['that it serves at last', { ...before, availability: { countedSince: '2026-11-29T02:00:01Z' } }],
  ['its containers', { ...before, components: [], componentsReady: '1/8' }],
])('of work that goes on, %s can be told a moment later', (_, after) => {
  expect(tellsProgress(before, after, rest)).toBe(true);
});

it.each<[string, JtelStackStatus]>([
  ['the hold on the host', { ...before, operation: { ...operation, epoch: 5 } }],
  ['what is being loaded', { ...before, data: { source: 'vanilla', state: 'Incomplete' } }],
  ['which Secrets are kept', { ...before, keptSecrets: ['ssh'] }],
  [
    'since when it does not serve',
    {
      ...before,
      availability: { countedSince: '2026-11-28T02:00:00Z', downSince: '2026-11-29T02:00:01Z' },
    },
  ],
  ['the end of the work', { phase: 'Preparing', message: 'setting the host up' }],
  [
    'what somebody changed by hand, which may be put right within the moment',
    {
      ...before,
      conditions: [
        {
          type: 'Drifted',
          status: 'True',
          reason: 'Drifted',
          message: '',
          lastTransitionTime: '2026-11-29T02:00:00Z',
        },
      ],
    },
  ],
  ['what nobody has thought of here', { ...before, somethingNew: true } as JtelStackStatus],
])('%s is told at once', (_, after) => {
  expect(tellsProgress(before, after, rest)).toBe(false);
});

const claim: Action = { type: 'ClaimHost', cause: 'HostNotHeld' };
const actsWith = (...wave: readonly Action[]): Plan => ({
  kind: 'Act',
  step: 'Credentials',
  wave,
  facts: { is: 'MakingCredentials' },
});

it.each<[string, Plan, boolean]>([
  ['while Secrets alone are made, can be told a moment later', actsWith(ensure), true],
  ['when a host is claimed, is told at once', actsWith(ensure, claim), false],
  ['when nothing is done, is told at once', rest, false],
])('the first status, %s', (_, plan, isProgress) => {
  expect(tellsProgress(undefined, before, plan)).toBe(isProgress);
});
