import { expect, it } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import nodes from './nodes.json' with { type: 'json' };

it('executables have the Node that everything here is tested with', () => {
  expect(nodes.version).toBe(manifest.devDependencies.node);
});
