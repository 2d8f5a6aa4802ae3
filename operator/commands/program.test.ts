import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runOperatorCommand, type CommandFactory } from './program.ts';
import { runCommand } from './run.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const release = `${root}sandbox/stand-ins/releases/3.43.2/release.yaml`;
const store = ['--endpoint', 'https://acme.blob.core.windows.net', '--container', 'releases'];
let printed: string[];
let told: string[];
let folder: string;
beforeEach(async () => {
  [printed, told] = [[], []];
  folder = await mkdtemp(join(tmpdir(), 'jtel-cli-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

async function run(
  argv: readonly string[],
  options: { readonly signal?: AbortSignal; readonly further?: readonly CommandFactory[] } = {},
): Promise<number> {
  const { signal = new AbortController().signal, further = [] } = options;
  return await runOperatorCommand(
    argv,
    { print: (line) => printed.push(line), note: (line) => told.push(line), signal },
    further,
  );
}

async function file(name: string, content: string, mode = 0o600): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content, { mode });
  return path;
}

function failing(error: unknown): CommandFactory {
  return () =>
    new Command('fail').action(() => {
      throw error;
    });
}

describe('the exit code is', () => {
  it('0 for help, which goes to standard output', async () => {
    expect(await run(['release', 'publish', '--help'])).toBe(0);
    expect(printed.join('\n')).toContain('--signing-key-file');
  });

  it.each([
    ['an unknown command', ['release', 'destroy'], "'destroy'"],
    ['a missing argument', ['release', 'verify', ...store, '--credentials-file', 'x'], "'VERSION'"],
    ['a missing option', ['release', 'list', '--endpoint', 'https://a'], '--container'],
    ['an unknown option', ['release', 'list', ...store, '--credentials-file', 'x', '--force'], "'--force'"],
    ['a stack without its namespace', ['check', '--stack', 'acme'], 'NAMESPACE/NAME'],
    ['a time that is none', ['check', '--timeout-seconds', '0'], 'whole number from 1'],
    [
      'an output that does not exist',
      ['release', 'list', ...store, '--credentials-file', 'x', '-o', 'xml'],
      "'xml'",
    ],
    [
      'a credentials file that is not there',
      ['release', 'list', ...store, '--credentials-file', '/nowhere'],
      'cannot read /nowhere: ENOENT',
    ],
    [
      'a version that is none',
      ['release', 'verify', '../up', ...store, '--credentials-file', 'x'],
      'is not a version',
    ],
  ])('2 for %s, which is named', async (_, argv, culprit) => {
    expect(await run(argv)).toBe(2);
    expect(told.join('\n')).toContain(culprit);
    expect(printed).toEqual([]);
  });

  const toolbox = ['--toolbox-image', `registry.example.com/toolbox@sha256:${'0'.repeat(64)}`];
  it.each([
    ['neither a key for releases nor the consent to do without', [], '--release-key-file is missing'],
    [
      'both a key for releases and the consent to do without',
      ['--release-key-file', 'key.pem', '--allow-unsigned-releases'],
      'contradict each other',
    ],
    ['a key for releases that is not there', ['--release-key-file', '/nowhere'], 'cannot read /nowhere'],
  ])('2 for an operator with %s', async (_, options, culprit) => {
    expect(await run(['run', ...toolbox, ...options], { further: [runCommand] })).toBe(2);
    expect(told.join('\n')).toContain(culprit);
  });

  it.each([
    ['no worker', ['--workers', '0'], '--workers'],
    ['a negative number', ['--backups-at-once', '-3'], '--backups-at-once'],
    ['a number that is none', ['--resync-seconds', 'NaN'], 'whole number from 5'],
    ['a resync without a pause', ['--resync-seconds', '1'], 'whole number from 5'],
    ['half a second', ['--monitor-seconds', '0.5'], '--monitor-seconds'],
    ['a number of another form', ['--backup-window-seconds', '1e3'], '--backup-window-seconds'],
    ['a lease that nobody could renew', ['--lease-duration-seconds', '2'], 'whole number from 3'],
    ['a port that is none', ['--health-port', '65536'], '--health-port'],
    ['one port for two', ['--web-port', '9090', '--health-port', '9090'], 'both 9090'],
    ['names of a page that is not served', ['--web-host', 'jtel.example'], 'add --web-port'],
    [
      'a secret that is not there',
      ['--web-port', '1', '--web-proxy-secret-file', '/nowhere'],
      'cannot read /nowhere: ENOENT',
    ],
    ['an image that is not pinned', ['--toolbox-image', 'registry.example/toolbox:latest'], 'must be pinned'],
    ['half of what schedules need', ['--image', 'registry.example/operator'], 'go together'],
    ['a namespace that is none', ['--namespace', 'Acme'], '"Acme" is not the name'],
    ['an address range that is none', ['--cluster-range', '10.0.0.0/99'], '--cluster-range'],
  ])('2 for an operator with %s', async (_, options, culprit) => {
    const argv = ['run', ...toolbox, '--allow-unsigned-releases', ...options];
    expect(await run(argv, { further: [runCommand] })).toBe(2);
    expect(told.join('\n')).toContain(culprit);
  });

  it('1 for a failure nobody expected, with what is needed to find it', async () => {
    expect(await run(['fail'], { further: [failing(new TypeError('broken inside'))] })).toBe(1);
    expect(told.join('\n')).toMatch(/internal error: TypeError: broken inside\n +at /);
  });

  it('1 when it was interrupted', async () => {
    expect(
      await run(['fail'], { further: [failing(new Error('aborted'))], signal: AbortSignal.abort() }),
    ).toBe(1);
    expect(told).toEqual(['interrupted']);
  });
});

describe('a credentials file', () => {
  it.each([
    ['with a key that is none', 'accountName: acme\naccountKey: "geheim geheim"\n'],
    ['with a list', '- geheim\n'],
    ['that is not YAML', 'geheim: [\n'],
    ['of another account', 'connectionString: AccountName=other;AccountKey=Z2VoZWltIGdlaGVpbSBnZWhlaW0=\n'],
    ['of numbers', '{"accountKey": {"geheim": 1}}'],
  ])('%s is refused without showing it', async (_, content) => {
    expect(await run(['release', 'list', ...store, '--credentials-file', await file('store', content)])).toBe(
      2,
    );
    expect(told.join('\n')).not.toMatch(/geheim|Z2VoZWlt/);
  });

  it('that others can read is used, with a warning', async () => {
    const path = await file('store', 'sasToken: nothing\n', 0o644);
    expect(await run(['release', 'list', ...store, '--credentials-file', path])).toBe(2);
    expect(told[0]).toContain(`warning: ${path} holds a secret`);
  });
});

describe('host script', () => {
  it('prints the script for the host of a stack', async () => {
    expect(await run(['host', 'script', '-f', `${root}examples/full-stack.yaml`, '--release', release])).toBe(
      0,
    );
    expect(printed.join('\n')).toMatch(/^#!\/bin\/sh\n/);
    expect(printed.join('\n')).toContain('ip saddr 192.0.2.5/32 udp dport 30000-34999 accept');
  });

  it('knows the defaults of the resource', async () => {
    expect(
      await run(['host', 'script', '-f', `${root}examples/quickstart/4-stack.yaml`, '--release', release]),
    ).toBe(0);
    expect(printed.join('\n')).toContain("mode='Managed'");
  });

  it.each([
    ['no stack', 'kind: Secret\n', 'must have exactly one JtelStack; it has 0'],
    ['no YAML', 'a: [\n', 'is not YAML'],
    ['a stack without a host', 'kind: JtelStack\nspec: {version: 3.43.2}\n', "'host'"],
    ['nothing', '', 'JtelStack'],
  ])('refuses a file with %s', async (_, content, message) => {
    expect(await run(['host', 'script', '-f', await file('stack.yaml', content), '--release', release])).toBe(
      2,
    );
    expect(told.join('\n')).toContain(message);
  });

  it('refuses a release of another version', async () => {
    const other = `${root}sandbox/stand-ins/releases/3.43.1/release.yaml`;
    expect(await run(['host', 'script', '-f', `${root}examples/full-stack.yaml`, '--release', other])).toBe(
      2,
    );
    expect(told.join('\n')).toContain('wants version 3.43.2');
  });
});

describe('help', () => {
  it.each([
    [''],
    ['run'],
    ['check'],
    ['release publish'],
    ['host script'],
    ['backup create'],
    ['completion'],
  ])('of "%s" fits 80 columns', async (command) => {
    const words = command.split(' ').filter(Boolean);
    expect(await run([...words, '--help'], { further: [runCommand] })).toBe(0);
    const lines = printed.join('\n').split('\n');
    expect(lines[0]).toContain('Usage: ');
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });
});

describe('completion', () => {
  it('knows commands, choices and where files are wanted', async () => {
    const offered = async (...words: readonly string[]): Promise<readonly string[]> => {
      printed = [];
      expect(await run(['__complete_quoting', ...words], { further: [runCommand] })).toBe(0);
      return printed.map((line) => line.split('\t')[0] ?? '');
    };
    expect(await offered('release', 'pub')).toEqual(['publish', ':4']);
    expect(await offered('completion', '')).toEqual(['bash', 'zsh', 'fish', ':4']);
    expect(await offered('run', '--kubeconfig', '')).toEqual([':0']);
    expect(await offered('release', 'publish', '')).toEqual([':0']);
    expect(await offered('release', 'publish', '--prefix', '')).toEqual([':4']);
  });
});
