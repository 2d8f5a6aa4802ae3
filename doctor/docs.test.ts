import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { checks, withCheckTable } from './checks.ts';

it('docs/doctor.md has every check (make generate)', () => {
  const page = readFileSync(new URL('../docs/doctor.md', import.meta.url), 'utf8');
  expect(withCheckTable(page)).toBe(page);
  for (const { name } of checks) expect(page).toContain(`| \`${name}\` |`);
});
