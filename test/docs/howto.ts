/**
 * The commands of the first page (docs/start.md) and of the how-tos (docs/howto), as a test reads them: blocks of `sh` are run in their order, the block of `text` after one
 * is what it prints. Blocks of `shell` are for places that a test has not; each has its reason here.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryDirectory } from '../../kit/paths.ts';

export interface Block {
  readonly script: string;
  /** Lines that it prints, in this order; `…` stands for anything. */
  readonly expected: readonly string[];
}

export interface HowTo {
  readonly page: string;
  readonly run: readonly Block[];
  /** First lines of the blocks that are not run. */
  readonly notRun: readonly string[];
}

/** Why a block is not run: page, the first line of the block, reason. */
export const notRun: readonly (readonly [page: string, block: string, reason: string])[] = [
  ['start', 'make demo', 'test/e2e/demo.test.ts runs what it calls, under another name'],
  [
    'start',
    'kubectl jtel status acme -n demo -w',
    'it ends with Ctrl-C; test/integration/cli/stacks.test.ts',
  ],
  ['start', 'kubectl -n demo patch', 'it fails; test/integration/crds/rules.test.ts'],
  ['new-customer', 'useradd --create-home', 'on the new host; the sandbox’s hosts are made that way'],
  [
    'way-back',
    'kubectl jtel rollback',
    'test/e2e/way-back.test.ts restores data before an update, in minutes',
  ],
  ['way-back', 'kubectl jtel restore undo', 'test/e2e/backup.test.ts undoes a restore'],
  [
    'disaster-recovery-drill',
    'kubectl apply',
    'test/e2e/recovery.test.ts applies this folder, with its values filled in',
  ],
  ['move', 'kubectl -n customer-a patch', 'test/e2e/relocation.test.ts loses a host'],
  [
    'jump-host',
    'jtel-operator host script',
    'on the customer’s host; test/integration/cli/host.test.ts runs the script',
  ],
  ['jump-host', 'ssh-keygen', 'on the customer’s hosts'],
  ['jump-host', 'kubectl -n customer-b create', 'needs the customer’s certificate and a jump host'],
];

/** The pages in the order of the index, which is the order in which they build on each other. */
export async function readHowTos(): Promise<readonly HowTo[]> {
  const docs = join(repositoryDirectory, 'docs');
  const index = await readFile(join(docs, 'README.md'), 'utf8');
  const pages = [...index.matchAll(/\]\(howto\/(?<page>[\w-]+)\.md\)/g)].map(
    ({ groups }) => groups?.['page'] ?? '',
  );
  return await Promise.all(
    pages.map(async (page) => parseHowTo(page, await readFile(join(docs, 'howto', `${page}.md`), 'utf8'))),
  );
}

export async function readStart(): Promise<HowTo> {
  return parseHowTo('start', await readFile(join(repositoryDirectory, 'docs/start.md'), 'utf8'));
}

export function parseHowTo(page: string, text: string): HowTo {
  const run: Block[] = [];
  const skipped: string[] = [];
  let previous = '';
  for (const { groups } of text.matchAll(/^```(?<language>\w*)\n(?<content>[\s\S]*?)^```$/gm)) {
    const { language = '', content = '' } = groups ?? {};
    const last = run.at(-1);
    if (language === 'sh') run.push({ script: content, expected: [] });
    else if (language === 'shell') skipped.push(content.split('\n')[0] ?? '');
    else if (language === 'text' && previous === 'sh' && last !== undefined)
      run[run.length - 1] = { ...last, expected: content.split('\n').filter((line) => line.trim() !== '') };
    previous = language;
  }
  return { page, run, notRun: skipped };
}

/** The first expected line that the output does not have after those before it; undefined when it has all. */
export function missingLine(output: string, expected: readonly string[]): string | undefined {
  let rest = words(output);
  for (const line of expected) {
    const pattern = words(line)
      .split('…')
      .map((part) => part.trim().replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
      .join('.*?');
    const found = new RegExp(pattern, 's').exec(rest);
    if (found === null) return line;
    rest = rest.slice(found.index + found[0].length);
  }
  return undefined;
}

function words(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

/** A block as it is run: after the variables of the blocks before it, and with the values of this place. */
export function scriptOf(howTo: HowTo, block: Block, values: Readonly<Record<string, string>>): string {
  const assignment = /^(?<name>[A-Z_]+)=.*$/gm;
  const before = howTo.run
    .slice(0, howTo.run.indexOf(block))
    .flatMap(({ script }) => script.match(assignment) ?? [])
    .join('\n');
  return `${before}\n${block.script}`.replaceAll(assignment, (line, name: string) =>
    name in values ? `${name}=${values[name]}` : line,
  );
}
