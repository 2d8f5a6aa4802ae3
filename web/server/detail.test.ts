import { expect, test } from 'vitest';
import { mayListKind, type Resource } from './detail.ts';

const whoMay =
  (...rights: readonly string[]) =>
  async ({ group, resource }: Resource): Promise<boolean> =>
    rights.includes(`${resource}.${group}`);

test('events may be listed by a right to either of their API groups', async () => {
  expect(await mayListKind('events', whoMay('events.'))).toBe(true);
  expect(await mayListKind('events', whoMay('events.events.k8s.io'))).toBe(true);
  expect(await mayListKind('events', whoMay('jtelstacks.jtel.de'))).toBe(false);
  expect(await mayListKind('stacks', whoMay('jtelstacks.'))).toBe(false);
  expect(await mayListKind('controllerrevisions', whoMay('controllerrevisions.apps'))).toBe(true);
});
