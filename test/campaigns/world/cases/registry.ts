/** Registries and how hosts come to their images. */
import assert from 'node:assert/strict';
import { loginsFor } from '../../../../host-driver/registry-login.ts';
import type { WorldCase } from '../scene.ts';

const image = 'registry.example/jtel/acd-web';
const spellings = [
  'registry.example',
  'https://registry.example/v2/',
  'http://registry.example',
  '*.example',
  'registry.example/jtel',
];

export const cases: readonly WorldCase[] = [
  ...spellings.map((registry): WorldCase => ({
    id: 'W8',
    title: `a login under ${registry} holds for ${image}`,
    needs: 'nothing',
    run: () => assert.equal(loginsFor([{ registry }], image).length, 1),
  })),
  {
    id: 'W8',
    title: 'a login of one registry goes to no other',
    needs: 'nothing',
    run: () =>
      assert.deepEqual(
        loginsFor([{ registry: 'registry.example' }], 'registry.example.org/jtel/acd-web'),
        [],
      ),
  },
];
