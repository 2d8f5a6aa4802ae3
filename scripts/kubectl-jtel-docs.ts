/**
 * Writes docs/kubectl-jtel.md from the commands of the plug-in, for `make generate`;
 * `kubectl-jtel/docs.test.ts` compares.
 */
import { writeFileSync } from 'node:fs';
import { pluginDocs } from '../kubectl-jtel/docs.ts';

writeFileSync(new URL('../docs/kubectl-jtel.md', import.meta.url), pluginDocs());
