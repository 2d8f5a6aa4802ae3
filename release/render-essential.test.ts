import { expect, it } from 'vitest';
import { aRelease, aRenderInput, aStack } from '../test/support/release-builder.ts';
import { renderHere } from './render-here.ts';

it('a release tells which services are essential beside its digest, so a mark starts no container anew', () => {
  const plain = aRelease({ formatVersion: 3 });
  const components = plain.components.map((one) =>
    one.name === 'acd-web' || one.name === 'acd-dbs' ? { ...one, essential: true } : one,
  );
  const stack = aStack({ components: [{ name: 'acd-dbs', state: 'Disabled' }] });
  const [marked, silent] = [{ ...plain, components }, plain].map((release) =>
    renderHere(aRenderInput({ release, stack })),
  );
  expect(marked?.digest).toBe(silent?.digest);
  expect(marked?.essential).toEqual(['acd-web-1', 'acd-web-2']);
  expect(silent?.essential).toEqual([]);
});
