/** The words of facts that come in more than one form. */
import { describe as group, expect, it, test } from 'vitest';
import { describeDrift } from './containers.ts';
import { describe } from './index.ts';

const stack = { name: 'main', namespace: 'acme' };
const address = '192.0.2.10';

test('what cannot be cleaned up amid a move names both hosts', () =>
  expect(
    describe({
      is: 'CannotCleanUp',
      message: 'no answer',
      secretGone: false,
      stack,
      address,
      done: '192.0.2.9',
    }),
  ).toMatch(
    /^On 192\.0\.2\.9 nothing is left to do\. Host 192\.0\.2\.10 cannot be cleaned up: no answer\. /,
  ));

group('a load that was given up', () => {
  it('says what to do even after the longest of messages', () => {
    const long = describe({
      is: 'LoadGivenUp',
      because: { is: 'Told', message: 'x'.repeat(5000) },
      times: 1,
      stack,
    });
    expect(long.length).toBeLessThan(1024);
    expect(long).toContain('jtel.de/retry=');
  });

  it('without a word of the job tells its exit code', () => {
    expect(describe({ is: 'LoadFailed', reason: 'JobFailed', address, exitCode: 137 })).toContain('137');
  });
});

group('the end of a change', () => {
  const change = { action: 'Update', revision: 2, version: '3.43.2' } as const;
  it.each([
    [{ result: 'Succeeded', downtimeSeconds: 9 }, 'is through. Down time: 9 s.'],
    [{ result: 'RolledBack', backTo: 1 }, 'Revision 1 runs again after the failed Update to revision 2'],
    [{ result: 'Held', message: 'It broke.' }, 'failed: It broke. Everything is left as it is.'],
  ] as const)('%j', (ended, expected) => {
    expect(describe({ is: 'ChangeEnded', change, restoresData: false, ...ended })).toContain(expected);
  });
});

test.each([
  ['firewall', 'the firewall was changed by hand'],
  ['docker-rules', "Docker's own firewall rules are gone"],
  [`files/${'a'.repeat(64)}`, 'files/aaaaaaaa… was changed by hand'],
])('drift of the host: %s', (what, expected) => {
  expect(describeDrift({ is: 'HostChanged', what })).toBe(expected);
});
