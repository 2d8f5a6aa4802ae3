/**
 * What the operator's image contains, and what the operator loads at its start. Its small memory depends on
 * both.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { OutputChunk } from 'rolldown';
import { repositoryDirectory } from '../kit/paths.ts';
import type { KeyTasks } from '../host-driver/ssh/key-tasks.ts';
import type { ReleaseTasks } from '../release/tasks.ts';
import { templatesNeeded } from '../release/template-texts.ts';
import { ThreadPool } from '../base/threads/thread-pool.ts';
import { aRenderInput } from '../test/support/release-builder.ts';
import { bundleAsScript, bundleEntry, bundleOperator, ownLines, writeBundle } from './bundle.ts';

describe('the operator’s bundle', () => {
  let chunks: ReadonlyMap<string, OutputChunk>;
  let output: Awaited<ReturnType<typeof bundleOperator>>;

  beforeAll(async () => {
    output = await bundleOperator();
    chunks = new Map(
      output.flatMap((file) => (file.type === 'chunk' ? [[file.fileName, file] as const] : [])),
    );
  }, 120_000);

  /** Modules of a chunk and of everything that it imports before it runs. */
  function loadedWith(name: string, seen = new Set<string>()): readonly string[] {
    if (seen.has(name)) return [];
    seen.add(name);
    const chunk = chunks.get(name);
    if (chunk === undefined) return [];
    return [...Object.keys(chunk.modules), ...chunk.imports.flatMap((each) => loadedWith(each, seen))];
  }

  const late = ['ssh2', 'dockerode', '@azure/storage-blob', '@peculiar/x509', 'ajv', 'liquidjs'];

  it('loads what stacks need only when there is a stack', () => {
    const start = [...chunks.values()].find(({ facadeModuleId }) =>
      facadeModuleId?.endsWith('/operator/main.ts'),
    );
    const packages = packagesOf([...loadedWith(bundleEntry), ...loadedWith(start?.fileName ?? '')]);
    expect(packages).toContain('winston');
    for (const name of late) expect(packages).not.toContain(name);
  });

  it('has what it loads later', () => {
    const packages = packagesOf([...chunks.values()].flatMap(({ modules }) => Object.keys(modules)));
    for (const name of late) expect(packages).toContain(name);
    expect(packages).not.toContain('@grpc/grpc-js');
  });

  it('has the file of its thread beside the one that starts it, and that does tasks', async () => {
    const starter = [...chunks.values()].find(({ modules }) =>
      Object.keys(modules).some((module) => module.endsWith('/operator/off-loop.ts')),
    );
    expect(starter?.fileName).toMatch(/^[^/]+\.js$/);
    const directory = await mkdtemp(join(tmpdir(), 'bundle-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    await writeBundle(output, directory);
    const pool = new ThreadPool<ReleaseTasks & KeyTasks>({
      file: pathToFileURL(join(directory, 'thread.js')),
    });
    onTestFinished(() => pool.close());
    const options = { owner: 'acme', id: 'x', signal: new AbortController().signal };
    const manifest = { bytes: Buffer.from('{"formatVersion":1}'), what: 'the manifest' };
    expect(await pool.run('checkManifest', manifest, options)).toEqual({
      problem: expect.stringContaining('field "components" is missing'),
    });
    const texts = await pool.run('renderTemplates', templatesNeeded(aRenderInput()), options);
    expect('value' in texts && texts.value.get('variable acd-web JTEL_FQDN')).toBe('acme.jtel.example');
    expect(await pool.run('openKey', { privateKey: 'no key' }, options)).toEqual({
      problem: 'Unsupported key format',
    });
  }, 60_000);

  it('has the page’s files inside, and not what makes them', () => {
    const maker = [...chunks.values()].find(({ modules }) =>
      Object.keys(modules).some((module) => module.endsWith('/web/page/build.ts')),
    );
    expect(maker?.code).toContain('<title>jtel stacks</title>');
    expect(packagesOf([...chunks.values()].flatMap(({ modules }) => Object.keys(modules)))).not.toContain(
      'rolldown',
    );
  });

  it('has of client-node what logs in, and none of its generated models', () => {
    const modules = [...chunks.values()].flatMap((chunk) => Object.keys(chunk.modules));
    const ofClient = modules.filter((module) => module.includes('/@kubernetes/client-node/'));
    expect(ofClient.some((module) => module.endsWith('/dist/config.js'))).toBe(true);
    expect(ofClient.filter((module) => /\/gen\/(models|apis|types)\//.test(module))).toEqual([]);
  });

  it('is ASCII, which V8 keeps at one byte per character', () => {
    // oxlint-disable-next-line no-control-regex -- the whole of ASCII is what is meant
    for (const { code } of chunks.values()) expect(/^[\u0000-\u007F]*$/.test(code)).toBe(true);
  });

  it('brings the scripts that are read from beside modules', () => {
    const folder = join(repositoryDirectory, 'host-driver');
    const scripts = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.sh'),
    );
    expect(scripts).not.toEqual([]);
    const code = [...chunks.values()].map((chunk) => chunk.code).join('');
    for (const script of scripts) {
      // A line that needs no escapes in a string.
      const line = /^[\w #.,:/-]{20,}$/m.exec(readFileSync(join(folder, script), 'utf8'))?.[0];
      expect(code).toContain(line ?? `a plain line in ${script}`);
    }
    expect(code).not.toContain('new URL("host.sh"');
  });

  it('maps lines of our sources only', () => {
    const map = output.find(({ fileName }) => fileName === `${bundleEntry}.map`);
    const { sources } = JSON.parse(ownLines(map?.type === 'asset' ? String(map.source) : '{}')) as {
      sources: string[];
    };
    expect(sources).toContain('operator/commands/main.ts');
    expect(sources.some((source) => source.includes('node_modules'))).toBe(false);
  });
});

function packagesOf(modules: readonly string[]): ReadonlySet<string> {
  return new Set(modules.flatMap((module) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(module)?.[1] ?? []));
}

it('a script without imports can load what it needs of SSH', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'script-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const file = join(directory, 'keys.cjs');
  await writeFile(file, (await bundleAsScript('host-driver/ssh/key-tasks.ts')).code);
  const { openKey } = createRequire(file)(file) as KeyTasks;
  expect(await openKey({ privateKey: 'no key' })).toEqual({ problem: 'Unsupported key format' });
}, 60_000);
