/** Contexts and stacks for the tests of this folder. */
import type { Condition, JtelStack, JtelStackStatus } from '../../crds/index.ts';
import { aStack as stackWith } from '../../controllers/stack/testing.ts';
import { plain } from './paint.ts';
import type { ViewContext } from './view.ts';

export const now = new Date('2026-03-01T03:00:00Z');
export const pipe: ViewContext = { paint: plain, now };
export const terminal: ViewContext = { paint: plain, width: 80, now };

/** Marks instead of escape sequences: `<red:text>`. */
export const marked: ViewContext = {
  ...terminal,
  paint: (colour, text) => (colour === undefined || text === '' ? text : `<${colour}:${text}>`),
};

export function aStack(
  name: string,
  status?: Partial<JtelStackStatus>,
  spec: Parameters<typeof stackWith>[0] = {},
): JtelStack {
  const metadata = { name, creationTimestamp: '2026-02-01T00:00:00Z', generation: 1 };
  return stackWith(spec, metadata, status === undefined ? undefined : { observedGeneration: 1, ...status });
}

export function aCondition(
  type: string,
  status: Condition['status'],
  reason: string,
  message = `${type} is ${status}`,
): Condition {
  return { type, status, reason, message, lastTransitionTime: '2026-03-01T01:00:00Z' };
}

export const healthy: readonly Condition[] = [
  aCondition('Ready', 'True', 'Healthy'),
  aCondition('HostReachable', 'True', 'HostReachable'),
  aCondition('Drifted', 'False', 'NoDrift'),
];

/** Longest line. */
export function widthOf(lines: readonly string[]): number {
  return Math.max(...lines.map((line) => line.length));
}
