/** The plug-in file for k9s, against the schema and the keys of k9s itself, and against the commands that it calls. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { everyCommand } from '../../../command-line/command-line.ts';
import { ensureDocker } from '../../../kit/docker-daemon.ts';
import { repositoryDirectory } from '../../../kit/paths.ts';
import { lineProgress } from '../../../kit/progress.ts';
import { createProgram } from '../../../kubectl-jtel/program.ts';
import { silentSurroundings } from '../../../kubectl-jtel/surroundings.ts';
import { fetchGoModule } from '../../../sandbox/kubernetes/go-build.ts';

const k9s = 'github.com/derailed/k9s@v0.50.16';

interface Plugin {
  readonly shortCut: string;
  readonly command: string;
  readonly args: readonly string[];
}

let sources: string;
let file: { readonly plugins: Readonly<Record<string, Plugin>> };

beforeAll(async () => {
  const progress = lineProgress();
  sources = await fetchGoModule(() => ensureDocker(progress), k9s, progress);
  file = parse(await readFile(join(repositoryDirectory, 'deploy/k9s/plugins.yaml'), 'utf8')) as typeof file;
});

const source = (path: string): Promise<string> => readFile(join(sources, path), 'utf8');

it('is what the schema of k9s wants', async () => {
  const schema = JSON.parse(await source('internal/config/json/schemas/plugins.json')) as object;
  const isValid = new Ajv({ allErrors: true, strict: false }).compile(schema);
  isValid(file);
  expect(isValid.errors).toBeNull();
  isValid({ plugins: { broken: { shortCut: 's' } } });
  expect(isValid.errors).not.toBeNull();
});

it('uses keys that k9s knows, each once, and none that its lists use', async () => {
  const names = new Map(
    [...(await source('internal/ui/key.go')).matchAll(/KeyNames\[(Key\w+)\] = "([^"]+)"/g)].map(
      ([, constant = '', name = '']) => [constant, name],
    ),
  );
  const lists = await Promise.all(['table', 'browser'].map((name) => source(`internal/view/${name}.go`)));
  const taken = [...lists.join('\n').matchAll(/ui\.(Key\w+)[:,]\s*ui\.NewKeyAction/g)].map(
    ([, constant = '']) => names.get(constant),
  );
  expect(taken).toContain('Shift-N');
  const used = Object.values(file.plugins).map(({ shortCut }) => shortCut);
  expect(used).toEqual([...new Set(used)]);
  for (const key of used) expect([...names.values()]).toContain(key);
  for (const key of used) expect(taken).not.toContain(key);
});

it('calls commands that there are, with options that they have', () => {
  const commands = everyCommand(createProgram(silentSurroundings));
  for (const { args } of Object.values(file.plugins)) {
    const words = args.slice(args.indexOf('jtel') + 1);
    const path = words.slice(
      0,
      words.findIndex((word) => /^[-$]/.test(word)),
    );
    const command = commands.find((one) => {
      const isOf = path.length === 1 || one.parent?.name() === path[0];
      return one.commands.length === 0 && isOf && one.name() === path.at(-1);
    });
    expect(command?.name()).toBe(path.at(-1));
    const known = [...(command?.options ?? []), ...(commands[0]?.options ?? [])];
    for (const option of words.filter((word) => /^--?[a-z]/.test(word)))
      expect(known.flatMap(({ short, long }) => [short, long])).toContain(option);
  }
});
