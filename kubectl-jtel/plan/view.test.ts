import { describe, expect, it } from 'vitest';
import { serviceChanges } from './changes.ts';
import type { Forecast } from './forecast.ts';
import { planView } from './view.ts';
import { pipe, terminal, widthOf } from '../view/testing.ts';

const idle: Forecast = {
  stack: 'acme/main',
  kind: 'Done',
  step: 'Done',
  actions: [],
  obstacles: [],
  wants: { version: '3.43.2' },
  runs: { version: '3.43.2', time: '2026-03-01T00:00:00Z' },
  changes: [],
  setUp: false,
};

function text(change: Partial<Forecast>): string {
  return planView({ ...idle, ...change }, pipe).join('\n');
}

describe('a plan', () => {
  it('without anything to do says so, and that nothing was changed', () => {
    expect(text({})).toContain('there is nothing to do');
    expect(text({})).toMatch(/Nothing was changed\.$/);
  });

  it('lists the steps in order, each cause once', () => {
    const shown = text({
      kind: 'Act',
      message: 'pulling images',
      actions: [
        { type: 'ClaimHost', description: 'claiming the host', cause: 'nobody holds it' },
        { type: 'WriteRelease', description: 'write files', cause: 'they are missing' },
        { type: 'PullImages', description: 'pulling images', cause: 'they are missing' },
      ],
    });
    expect(shown.split('\n').slice(0, 20)).toEqual(
      expect.arrayContaining([
        '  1. claiming the host',
        '     because nobody holds it',
        '  2. write files',
        '     because they are missing',
        '  3. pulling images',
      ]),
    );
    expect(shown.match(/they are missing/g)).toHaveLength(1);
  });

  it('fits a terminal, however long the words of a step are', () => {
    const long =
      'stopping the stack on machine 0123456789abcdef, except acd-dbm, acd-fs1, acd-tel1, acd-web-1';
    const actions = [{ type: 'StopFormer', description: long, cause: long }] as const;
    const lines = planView({ ...idle, kind: 'Act', message: long, actions }, terminal);
    expect(widthOf(lines)).toBeLessThanOrEqual(80);
    expect(lines.join(' ').replaceAll(/ +/g, ' ')).toContain(`because ${long}`);
  });

  it('tells already now what will be in the way later', () => {
    const shown = text({
      kind: 'Act',
      message: 'creating credentials',
      obstacles: [{ reason: 'HostTooSmall', message: '2 cores, Large needs 8.' }],
    });
    expect(shown).toMatch(/A later step will fail \(HostTooSmall\):\n {2}2 cores, Large needs 8\./);
  });

  it('explains what keeps the operator from going on', () => {
    const shown = text({
      kind: 'Blocked',
      reason: 'HostTooSmall',
      message: '192.0.2.10: 2 cores, Large needs 8.',
    });
    expect(shown).toContain('cannot continue (HostTooSmall)');
    expect(shown).toContain('2 cores, Large needs 8');
    expect(shown).toContain('fewer cores, less memory or less disk');
  });

  it('says what is done instead while a spec cannot be begun', () => {
    expect(
      text({ objection: { reason: 'WaitingForWindow', message: 'The window opens on Sunday.' } }),
    ).toMatch(/keeps the last good one running:\n {2}The window opens on Sunday\./);
  });

  it('says that only once', () => {
    const waits = { reason: 'WaitingForWindow', message: 'The window opens on Sunday.' } as const;
    expect(text({ kind: 'Wait', ...waits, objection: waits }).match(/opens on Sunday/g)).toHaveLength(1);
  });

  it('says that nothing of it is done while the stack is suspended', () =>
    expect(text({ paused: 'Suspended' })).toContain('does none of this'));

  it('names the containers that change, and why', () => {
    const shown = text({
      changes: [
        { service: 'acd-web-1', change: 'Recreated', because: ['image 3.43.1 → 3.43.2', 'files'] },
        { service: 'acd-web-3', change: 'Added', because: [] },
      ],
    });
    expect(shown).toMatch(/~ +acd-web-1 +recreated +image 3\.43\.1 → 3\.43\.2, files/);
    expect(shown).toMatch(/\+ +acd-web-3 +new/);
  });

  it('fits 80 columns', () => {
    const long = { reason: 'SecretInvalid', message: 'x '.repeat(200) } as const;
    expect(
      widthOf(
        planView(
          {
            ...idle,
            kind: 'Blocked',
            ...long,
            objection: long,
            changes: [{ service: 'a', change: 'Recreated', because: ['b '.repeat(100)] }],
          },
          terminal,
        ),
      ),
    ).toBeLessThanOrEqual(80);
  });
});

describe('changes between compose files', () => {
  const file = (services: object): string => JSON.stringify({ services });
  const web = {
    image: 'r.example:5000/acd-web:3.43.1@sha256:aa',
    environment: { A: '1' },
    volumes: ['/opt/x/files/1:/etc/x'],
  };

  it('are none for the same file', () => expect(serviceChanges(file({ web }), file({ web }))).toEqual([]));
  it('are all new where nothing was', () =>
    expect(serviceChanges(undefined, file({ web }))).toEqual([
      { service: 'web', change: 'Added', because: [] },
    ]));
  it('name what is removed', () =>
    expect(serviceChanges(file({ web }), file({}))).toEqual([
      { service: 'web', change: 'Removed', because: [] },
    ]));
  it('say which part of a service differs', () => {
    const changed = {
      ...web,
      image: 'r.example:5000/acd-web:3.43.2@sha256:bb',
      volumes: ['/opt/x/files/2:/etc/x'],
    };
    expect(serviceChanges(file({ web }), file({ web: changed }))).toEqual([
      { service: 'web', change: 'Recreated', because: ['image 3.43.1 → 3.43.2', 'files'] },
    ]);
  });
});
