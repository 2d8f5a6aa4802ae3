import { expect, it } from 'vitest';
import { aRenderInput, aStack } from '../test/support/release-builder.ts';
import { renderHere } from './render-here.ts';
import type { ComponentOverride, RenderInput } from './stack-input.ts';

const withOverrides = (...components: readonly ComponentOverride[]): RenderInput =>
  aRenderInput({ stack: aStack({ components }) });

it('variables of a stack cannot make the compose file long, however many replicas have them', () => {
  const env = Array.from({ length: 64 }, (_, index) => ({ name: `V${index}`, value: 'x'.repeat(1024) }));
  const few = renderHere(withOverrides({ name: 'acd-web', replicas: 2, env }));
  expect(few.composeYaml.length).toBeLessThan(220_000);
  expect(() => renderHere(withOverrides({ name: 'acd-web', replicas: 3, env }))).toThrow(
    'spec.components: acd-web: the services of this stack would make a compose file of more than 192 KiB: use fewer replicas or shorter variables',
  );
});
