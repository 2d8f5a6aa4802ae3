import { describe, expect, it } from 'vitest';
import { stackView } from './view-stack.ts';
import { aCondition, aStack, healthy, marked, pipe, terminal, widthOf } from '../view/testing.ts';
import type { ViewContext } from '../view/view.ts';

function text(stack: Parameters<typeof stackView>[0], context: ViewContext = terminal): string {
  return stackView(stack, { conditions: 'Usual' }, context).join('\n');
}

describe('a stack that is well', () => {
  const stack = aStack('main', {
    phase: 'Ready',
    version: '3.43.2',
    componentsReady: '1/1',
    message: 'All 1 services run and are healthy.',
    conditions: healthy,
    components: [
      {
        name: 'acd-web-1',
        image: 'registry.example/jtel/acd-web:3.43.2',
        state: 'running',
        health: 'healthy',
        restarts: 2,
      },
    ],
  });

  it('says so in its first line', () =>
    expect(text(stack)).toMatch(/^✔ Ready {2}acme\/main {2}3.43.2 Small, 1\/1 components\n/));
  it('does not explain what is well', () => expect(text(stack)).not.toContain('Ready is True'));
  it('lists its containers without the registry', () =>
    expect(text(stack)).toMatch(/acd-web-1 +running +healthy +2 +acd-web:3\.43\.2/));
  it('explains everything when asked', () =>
    expect(stackView(stack, { conditions: 'Explained' }, terminal).join('\n')).toContain(
      'HostReachable is True',
    ));
});

describe('a stack with a trouble', () => {
  const message =
    'The newest backup is 34 hours old and the store refuses the credentials; correct the Secret acme/customer-store and wait for the next one.';
  const stack = aStack('main', {
    phase: 'Ready',
    message: 'All is well.',
    conditions: [...healthy, aCondition('BackupHealthy', 'False', 'BackupOverdue', message)],
  });

  it('shows that before everything else, with the message and what it means', () => {
    const lines = stackView(stack, { conditions: 'Usual' }, pipe);
    const at = lines.findIndex((line) => line.startsWith('✘ BackupHealthy'));
    expect(at).toBeGreaterThan(0);
    expect(at).toBeLessThan(lines.findIndex((line) => line.startsWith('✔ HostReachable')));
    expect(lines[at + 1]?.trim()).toBe(message);
    expect(lines[at + 2]).toContain('older than the schedule');
  });

  it('is red, and what is well green', () => {
    expect(text(stack, marked)).toContain('<red:✘> BackupHealthy');
    expect(text(stack, marked)).toContain('<green:✔> HostReachable');
  });

  it('fits a terminal of 80 columns', () =>
    expect(widthOf(stackView(stack, { conditions: 'Usual' }, terminal))).toBeLessThanOrEqual(80));

  it('does not say twice what the header says', () => {
    const once = aStack('main', {
      phase: 'Stalled',
      message,
      conditions: [
        aCondition('Ready', 'False', 'SecretInvalid', message),
        aCondition('Stalled', 'True', 'SecretInvalid', message),
      ],
    });
    expect(
      stackView(once, { conditions: 'Usual' }, pipe).filter((line) => line.includes(message)),
    ).toHaveLength(1);
  });
});

describe('a stack whose host does not answer', () => {
  const away = aCondition('HostReachable', 'False', 'HostUnreachable', 'no SSH connection');
  const stack = aStack('main', {
    phase: 'Unreachable',
    conditions: [
      away,
      aCondition('DataLoaded', 'True', 'DataLoaded', 'Loaded from vanilla.'),
      aCondition('ReleaseAvailable', 'True', 'ReleaseAvailable', 'In the store.'),
    ],
  });

  it('has no tick at what nobody can look at now, and one at what was looked at', () => {
    expect(text(stack, pipe)).toMatch(/^\? DataLoaded/m);
    expect(text(stack, pipe)).toMatch(/^✔ ReleaseAvailable/m);
  });
});

describe('a stack that is being worked on', () => {
  const operation = {
    id: '1',
    type: 'Update',
    step: 'Apply',
    progressPercent: 50,
    startTime: '2026-03-01T02:58:00Z',
    lastHeartbeatTime: '2026-03-01T02:59:55Z',
  };

  it('shows what, for how long and how far', () => {
    const shown = text(
      aStack('main', { phase: 'Updating', version: '3.43.1', operation, message: 'pulling' }),
    );
    expect(shown).toContain('3.43.1 → 3.43.2');
    expect(shown).toContain('Update, Apply, for 2m');
    expect(shown).toContain('50 %');
    expect(shown).not.toContain('last seen');
  });

  it('says when nobody works on it any more', () => {
    const silent = { ...operation, lastHeartbeatTime: '2026-03-01T02:50:00Z' };
    expect(text(aStack('main', { phase: 'Updating', operation: silent }))).toContain(
      'the operator last looked at it 10m ago',
    );
  });
});

it('a stack nobody has looked at asks whether the operator runs', () => {
  expect(text(aStack('main'))).toContain('The operator has not looked at it yet: does it run?');
});

it('a change nobody has looked at is told', () => {
  const stack = aStack('main', { phase: 'Ready', observedGeneration: 0, message: 'All is well.' });
  expect(text(stack)).toContain('has not looked at the newest change');
});

it('there is no way back over an update whose old data nobody kept', () => {
  const rollback = { revision: 2, version: '3.43.2' };
  expect(text(aStack('main', { version: '4.0.0', rollback }), pipe)).toMatch(
    /none to 3\.43\.2: no backup of its data was made before the update$/m,
  );
  expect(text(aStack('main', { version: '3.43.2', rollback }), pipe)).toContain('kubectl jtel rollback');
});

it('the way back is a command to copy, with the data if the release is older', () => {
  const rollback = { revision: 3, version: '3.43.1', availableUntil: '2026-03-08T00:00:00Z' };
  expect(text(aStack('main', { rollback }), pipe)).toMatch(
    /to 3\.43\.1, until .*: kubectl jtel rollback main -n acme --to 3$/m,
  );
  expect(text(aStack('main', { rollback: { ...rollback, backupRef: { name: 'before' } } }), pipe)).toMatch(
    /data of backup before.* --to 3 --restore-data$/m,
  );
});

it('a message cannot paint over the screen', () => {
  expect(text(aStack('main', { message: 'bad \u001b[2J' }))).not.toContain('\u001b');
});
