/**
 * Writes docs/kubectl-jtel.md and docs/jtel-operator.md from the commands, for `make generate`. With `--check` it writes nothing and fails
 * when one of them is not what the commands say.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { pluginDocs } from '../kubectl-jtel/docs.ts';
import { operatorDocs } from '../operator/commands/docs.ts';

for (const [name, page] of [
  ['kubectl-jtel', pluginDocs()],
  ['jtel-operator', operatorDocs()],
] as const) {
  const file = new URL(`../docs/${name}.md`, import.meta.url);
  if (!process.argv.includes('--check')) writeFileSync(file, page);
  else if (readFileSync(file, 'utf8') !== page) {
    console.error(`docs/${name}.md is stale; run "make generate" and commit it`);
    process.exitCode = 1;
  }
}
