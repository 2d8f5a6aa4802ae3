/**
 * Makes `generated/` from `release.schema.yaml`: the types, and the schema as JSON, so that checking a
 * manifest needs no file access. `--check` changes nothing and fails if a file is stale. Run it after each
 * change of the schema: `node release/generate.ts`.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { compile } from 'json-schema-to-typescript';
import { parse } from 'yaml';

type Schema = Parameters<typeof compile>[0];

const schemaFile = new URL('release.schema.yaml', import.meta.url);
const folder = new URL('generated/', import.meta.url);

/** What the files in `generated/` should hold, by name. */
export async function generate(): Promise<ReadonlyMap<string, string>> {
  const source = await readFile(schemaFile, 'utf8');
  const types = await compile(parse(source) as Schema, 'Release', {
    additionalProperties: false,
    bannerComment: '// Generated from release/release.schema.yaml by release/generate.ts: do not edit.',
    ignoreMinAndMaxItems: true,
    unknownAny: true,
    style: { singleQuote: true, printWidth: 120 },
  });
  return new Map([
    ['release.ts', types],
    ['schema.json', `${JSON.stringify(parse(source), null, 1)}\n`],
  ]);
}

/** Names of the files in `generated/` that differ from the schema. */
export async function staleFiles(): Promise<readonly string[]> {
  const stale: string[] = [];
  for (const [name, wanted] of await generate()) {
    const present = await readFile(new URL(name, folder), 'utf8').catch(() => '');
    if (present !== wanted) stale.push(name);
  }
  return stale;
}

async function main(argv: readonly string[]): Promise<number> {
  if (argv.includes('--check')) {
    const stale = await staleFiles();
    if (stale.length === 0) return 0;
    console.error(
      `release/generated is stale (${stale.join(', ')}): run \`node release/generate.ts\` and commit the result.`,
    );
    return 1;
  }
  for (const [name, content] of await generate()) await writeFile(new URL(name, folder), content);
  return 0;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
