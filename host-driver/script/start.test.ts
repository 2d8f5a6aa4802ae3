/** The shell functions that keep the order of starts, run by a real shell on text. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { listFile, startLines } from './archive.ts';

const functions = readFileSync(new URL('host-start.sh', import.meta.url), 'utf8');

function shell(call: string, input: string, ...argv: readonly string[]): string {
  return execFileSync('sh', ['-c', `${functions}\n${call}`, 'test', ...argv], {
    input,
    encoding: 'utf8',
  }).trimEnd();
}

const edges = listFile(
  startLines({
    services: ['db', 'migrate', 'web', 'sip'],
    start: {
      createYaml: '',
      createYamlForOldDocker: '',
      edges: [
        { service: 'migrate', need: 'db', condition: 'service_healthy' },
        { service: 'web', need: 'migrate', condition: 'service_completed_successfully' },
        { service: 'web', need: 'db', condition: 'service_started' },
      ],
    },
  }),
);

const container = (name: string, state: string, status: string): string =>
  `${name} id-${name} ${state} ${status}`;
const created = ['db', 'migrate', 'web', 'sip'].map((name) => container(name, 'created', 'Created'));
const next = (containers: readonly string[], started = ''): readonly string[] =>
  shell('next_starts "$1" "$2"', `${containers.join('\n')}\n--\n${edges}`, 'db migrate web sip', started)
    .split('\n')
    .filter(Boolean)
    .toSorted();

it.each([
  ['web', 'db migrate web'],
  ['sip', 'sip'],
  ['migrate sip', 'db migrate sip'],
])('of %s it starts %s', (given, expected) => {
  expect(shell('closure_of $1', edges, given).split('\n').join(' ')).toBe(expected);
});

it.each([
  ['1.45', 'v2.26.1-4', 'create.yaml'],
  ['1.44', '2.21.0', 'create.yaml'],
  ['1.43', '2.26.1', 'create-old-docker.yaml'],
  ['1.9', '2.26.1', 'create-old-docker.yaml'],
  ['1.45', '2.20.3', 'create-old-docker.yaml'],
])('with API %s and compose %s it creates from %s', (api, version, expected) => {
  expect(shell(`docker() { echo ${version}; }; api=${api} create_file`, '')).toBe(expected);
});

describe('what can be started', () => {
  const up = (name: string, health = ''): string => container(name, 'running', `Up 2 seconds${health}`);
  it('is what depends on nothing, at first', () =>
    expect(next(created)).toEqual(['start id-db db', 'start id-sip sip', 'wait migrate', 'wait web']));
  it('is what depends on something healthy', () => {
    expect(next([up('db', ' (health: starting)'), ...created.slice(1, 3), up('sip')], ' db sip')).toEqual([
      'wait migrate',
      'wait web',
    ]);
    expect(next([up('db', ' (healthy)'), ...created.slice(1, 3), up('sip')], ' db sip')).toEqual([
      'start id-migrate migrate',
      'wait web',
    ]);
  });
  it('is what waits for a task that is done', () => {
    const done = container('migrate', 'exited', 'Exited (0) 1 second ago');
    expect(next([up('db', ' (healthy)'), done, ...created.slice(2)], ' db migrate sip')).toEqual([
      'start id-web web',
    ]);
    // Done before this call: it is not run again.
    expect(next([up('db', ' (healthy)'), done, up('web'), up('sip')])).toEqual([]);
  });
  it('is what was stopped, and what somebody paused', () => {
    expect(
      next([
        up('db', ' (healthy)'),
        container('migrate', 'exited', 'Exited (0) 1 day ago'),
        up('web'),
        container('sip', 'paused', 'Up 1 day (Paused)'),
      ]),
    ).toEqual(['unpause id-sip sip']);
  });
  it('is what failed before this call: Docker alone would wait longer and longer before it tries again', () => {
    const failing = container('db', 'restarting', 'Restarting (1) 41 seconds ago');
    expect(next([failing, ...created.slice(1, 3), up('sip')])).toEqual([
      'restart id-db db',
      'wait migrate',
      'wait web',
    ]);
  });
  it('is nothing more when all runs', () =>
    expect(
      next([
        up('db', ' (healthy)'),
        container('migrate', 'exited', 'Exited (0) 1 day ago'),
        up('web'),
        up('sip'),
      ]),
    ).toEqual([]));
});

describe('what never will start', () => {
  it.each([
    [
      'an unhealthy dependency',
      container('db', 'running', 'Up 1 minute (unhealthy)'),
      'fail db is unhealthy',
    ],
    ['one that ended', container('db', 'exited', 'Exited (1) 1 second ago'), 'fail db is exited'],
    [
      'one that starts again and again',
      container('db', 'restarting', 'Restarting (1) 1 second ago'),
      'fail db is restarting',
    ],
  ])('is told: %s', (_, db, expected) => expect(next([db, ...created.slice(1)], ' db')).toContain(expected));
  it('is told: a task that failed', () => {
    const failed = container('migrate', 'exited', 'Exited (3) 1 second ago');
    expect(
      next([container('db', 'running', 'Up (healthy)'), failed, ...created.slice(2)], ' db migrate'),
    ).toContain('fail migrate ended with an error');
  });
});
