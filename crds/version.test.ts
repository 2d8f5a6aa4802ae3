import { expect, it } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import { readCRDs } from './crd.ts';

it.each(readCRDs().map((crd) => [crd.metadata.name, crd] as const))(
  '%s says of which release it is, which `kubectl jtel version` compares',
  (_, { metadata }) =>
    expect(metadata).toMatchObject({ labels: { 'app.kubernetes.io/version': manifest.version } }),
);
