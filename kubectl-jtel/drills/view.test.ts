import { expect, it } from 'vitest';
import { aDrill, aTest } from '../../controllers/drill/testing.ts';
import { plain } from '../view/paint.ts';
import { drillsView } from './view.ts';

it('shows figures, hosts and what runs on them', () => {
  const drill = aDrill(
    {},
    {
      message: '1 of 2 stacks were tested within 7 days.',
      oldest: { namespace: 'acme', name: 'main' },
      hosts: [
        { name: 'drill-1', state: 'Ready', freeGiB: 90 },
        { name: 'drill-2', state: 'Refused', message: 'the host of JtelStack acme/main' },
      ],
      tests: [aTest()],
    },
  );
  const text = drillsView([drill, aDrill({}, undefined, { name: 'new' })], {
    paint: plain,
    now: new Date(0),
  }).join('\n');
  expect(text).toContain('nightly: 1 of 2 stacks were tested within 7 days.');
  expect(text).toContain('longest ago: acme/main, never tested');
  expect(text).toMatch(/drill-1 +Ready +90 GiB +acme\/main \(1\.0 GiB\)/);
  expect(text).toMatch(/drill-2 +Refused +– .*the host of JtelStack acme\/main/);
  expect(text).toContain('new: no operator has looked at it yet');
});
