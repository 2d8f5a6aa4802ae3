import { expect, it } from 'vitest';
import { projectName } from './project.ts';

it('is readable where that is unambiguous', () => expect(projectName('acme', 'main')).toBe('jtel-acme-main'));

it('tells stacks apart whose names would join to the same', () => {
  expect(projectName('a-b', 'c')).not.toBe(projectName('a', 'b-c'));
});

it('never grows beyond what compose takes', () => {
  const name = projectName('n'.repeat(63), 'm'.repeat(40));
  expect(name).toMatch(/^[a-z0-9][a-z0-9-]{0,62}$/);
  expect(name).not.toBe(projectName('n'.repeat(63), `${'m'.repeat(39)}x`));
});
