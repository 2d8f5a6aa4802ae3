import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kubectlJtel } from '../../test/support/plugin.ts';
import { completionScript } from '../../command-line/completion/scripts.ts';

let folder: string;
let kubeconfig: string;
const odd = [
  'a b',
  '$(touch never)',
  "it's;touch never",
  '`touch never`',
  'tab\there',
  'es\u001b[2J',
  'plain:1',
];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'jtel-completion-'));
  kubeconfig = join(folder, 'config');
  const contexts = odd.map((name) => ({ name, context: { cluster: 'it', user: 'it' } }));
  writeFileSync(kubeconfig, JSON.stringify({ contexts, clusters: [], users: [] }));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function contextsFor(asker: string): Promise<readonly string[]> {
  const { out } = await kubectlJtel([asker, 'status', '--kubeconfig', kubeconfig, '--context', '']);
  return out.split('\n').filter((line) => line !== '' && line !== ':4');
}

describe('names with odd content', () => {
  it('are offered to kubectl only if they need no quotes', async () =>
    expect(await contextsFor('__complete')).toEqual(['plain:1']));

  it('are offered to our scripts unless they hold what a terminal obeys', async () =>
    expect(await contextsFor('__complete_quoting')).toEqual([
      'a b',
      '$(touch never)',
      "it's;touch never",
      '`touch never`',
      'plain:1',
    ]));

  it('stay one word when bash takes them over', () => {
    writeFileSync(join(folder, 'completion'), completionScript('bash', 'kubectl-jtel'));
    writeFileSync(
      join(folder, 'kubectl-jtel'),
      `#!/bin/sh\ncat <<'END'\n${odd.slice(0, 4).join('\tdescription\n')}\n:4\nEND\n`,
      { mode: 0o755 },
    );
    const script = `source ./completion; COMP_WORDS=(kubectl-jtel x); COMP_CWORD=1; _kubectl_jtel
      for one in "\${COMPREPLY[@]}"; do eval "printf '<%s>\\n' $one"; done`;
    const env = { PATH: `${folder}:${process.env['PATH']}` };
    const said = execFileSync('bash', ['--norc', '-c', script], { cwd: folder, env, encoding: 'utf8' });
    expect(said.trimEnd().split('\n')).toEqual(odd.slice(0, 4).map((one) => `<${one}>`));
    expect(existsSync(join(folder, 'never'))).toBe(false);
  });
});
