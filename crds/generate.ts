/**
 * Makes what follows from the CRDs and the list of reasons, so that nothing is written twice:
 *   crds/generated/types.ts   TypeScript types
 *   docs/api.md               field reference for users
 *   docs/reasons.md           reasons of conditions for users
 *   docs/annotations.md       annotations and labels for users
 * `node crds/generate.ts` writes them; with `--check` it writes nothing and exits with 1 when one of them is stale.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readCRDs } from './crd.ts';
import { annotationsReference } from './generate/annotations-reference.ts';
import { apiReference } from './generate/api-reference.ts';
import { reasonsReference } from './generate/reasons-reference.ts';
import { typeScriptTypes } from './generate/types.ts';

/** Path from the repository's root → content. */
export async function generate(): Promise<Map<string, string>> {
  const crds = readCRDs();
  return new Map([
    ['crds/generated/types.ts', await typeScriptTypes(crds)],
    ['docs/api.md', apiReference(crds)],
    ['docs/reasons.md', reasonsReference()],
    ['docs/annotations.md', annotationsReference()],
  ]);
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(`../${file}`, import.meta.url));
}

function currentContent(file: string): string | undefined {
  try {
    return readFileSync(pathOf(file), 'utf8');
  } catch {
    return undefined;
  }
}

/** Files whose content on disk is not what would be generated now. */
export async function staleFiles(): Promise<string[]> {
  return [...(await generate())]
    .filter(([file, content]) => currentContent(file) !== content)
    .map(([file]) => file);
}

async function main(): Promise<void> {
  if (process.argv.includes('--check')) {
    const stale = await staleFiles();
    for (const file of stale) console.error(`${file} is stale; run "node crds/generate.ts" and commit it`);
    process.exitCode = stale.length === 0 ? 0 : 1;
    return;
  }
  for (const [file, content] of await generate()) {
    mkdirSync(dirname(pathOf(file)), { recursive: true });
    writeFileSync(pathOf(file), content);
    console.log(`wrote ${file}`);
  }
}

if (import.meta.main) await main();
