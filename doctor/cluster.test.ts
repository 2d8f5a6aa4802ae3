import { expect, it } from 'vitest';
import { readCRDs } from '../crds/crd.ts';
import { wantedKinds } from './cluster.ts';

it('asks for each kind that there is', () =>
  expect(wantedKinds.toSorted()).toEqual(
    readCRDs()
      .map(({ spec }) => spec.names.plural)
      .toSorted(),
  ));
