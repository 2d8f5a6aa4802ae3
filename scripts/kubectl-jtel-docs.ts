/** Writes docs/kubectl-jtel.md from the commands of the plug-in. `make generate` runs it; `cli/kubectl/docs.test.ts` compares. */
import { writeFileSync } from 'node:fs';
import { pluginDocs } from '../cli/kubectl/docs.ts';

writeFileSync(new URL('../docs/kubectl-jtel.md', import.meta.url), pluginDocs());
