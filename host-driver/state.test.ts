import { describe, expect, it } from 'vitest';
import { requireUsable, type UnusableState } from './state.ts';

const project = 'jtel-demo-acme';

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
