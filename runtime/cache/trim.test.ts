import { expect, it } from 'vitest';
import { trim } from './trim.ts';

it("a cached object has neither managedFields nor kubectl's copy, and everything else", () => {
  const object = {
    metadata: {
      name: 'a',
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{"spec":{}}', keep: 'me' },
      managedFields: [{ manager: 'kubectl' }],
    },
    spec: { size: 1 },
  };
  expect(trim(object)).toEqual({ metadata: { name: 'a', annotations: { keep: 'me' } }, spec: { size: 1 } });
  expect(object.metadata.managedFields).toHaveLength(1);
});
