import { describe, expect, it } from 'vitest';
import { optional } from '../base/optional.ts';
import type { HostState } from './host-state.ts';
import type { SwitchedVolumes } from './volumes.ts';
import { foreignVolumes, requireUsable, type UnusableState } from './state.ts';

const project = 'jtel-demo-acme';
const time = '2026-11-23T12:00:00Z';

interface Names {
  readonly volumes?: SwitchedVolumes;
  readonly previous?: { readonly volumes: SwitchedVolumes };
}

function aState({ volumes, previous }: Names): HostState {
  const times = { switchTime: time, untilTime: time };
  return {
    formatVersion: 2,
    owner: { clusterID: 'c', namespace: 'demo', name: 'acme', uid: 'u' },
    epoch: 1,
    machineID: 'm',
    ...optional({ volumes, previous: previous && { ...previous, ...times } }),
  };
}

/** What a person reads about it. */
function told(unusable: UnusableState): string {
  try {
    requireUsable('h1', project, unusable);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

describe('a state that cannot be used', () => {
  const [moved, removed] = [
    'sudo mv /opt/jtel/jtel-demo-acme/state.json ',
    'sudo rm /opt/jtel/jtel-demo-acme/fence',
  ];

  it.each([
    ['Newer', [false, false]],
    ['Invalid', [true, false]],
    ['FenceInvalid', [true, true]],
  ] as const)('that is %s is told with what to do, and what not', (kind, commands) => {
    const message = told({ kind, why: 'of a reason' });
    expect(message).toContain('on h1 cannot be used: of a reason');
    expect([moved, removed].map((command) => message.includes(command))).toEqual(commands);
  });
});

it.each([
  ['none', {}, undefined],
  ['its own', { volumes: { database: `${project}_database.ab12` } }, undefined],
  ['its own from before', { previous: { volumes: { database: `${project}_database` } } }, undefined],
  ["another stack's", { volumes: { database: 'jtel-demo-other_database' } }, 'it names volumes of others'],
  ['a path from before', { previous: { volumes: { files: '/etc' } } }, 'it names volumes of others'],
])('a state with %s as volumes is used only if they are its own', (_, names, why) =>
  expect(foreignVolumes(project, aState(names))?.why).toBe(why),
);
