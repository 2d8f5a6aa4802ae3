/** Writes the table of checks into docs/doctor.md, for `make generate`; `doctor/docs.test.ts` compares. */
import { readFileSync, writeFileSync } from 'node:fs';
import { withCheckTable } from '../doctor/checks.ts';

const page = new URL('../docs/doctor.md', import.meta.url);
writeFileSync(page, withCheckTable(readFileSync(page, 'utf8')));
