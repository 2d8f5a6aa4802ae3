/**
 * Bundles programs for installation: rolldown makes JavaScript files from exactly the used parts of the
 * sources and their packages. That halves the operator's memory (docs/decisions/0006-bundle-in-the-image.md)
 * and the time until the plug-in starts. From the repository both run unbundled.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { decode, encode } from '@jridgewell/sourcemap-codec';
import {
  rolldown,
  type OutputAsset,
  type OutputChunk,
  type OutputOptions,
  type Plugin,
  type RolldownOutput,
} from 'rolldown';
import { repositoryDirectory } from '../kit/paths.ts';
import { buildPage } from '../web/page/build.ts';
import { notices, noticesFile, packagesOf } from './notices.ts';

/** The file to start. */
export const bundleEntry = 'jtel-operator.js';

/**
 * Required but never used: BuildKit sessions of dockerode (we build no images), and native code of ssh2,
 * which uses Node's own cryptography without it.
 */
const absent = new Set(['@grpc/grpc-js', '@grpc/proto-loader', 'protobufjs', 'cpu-features']);

export type Bundle = RolldownOutput['output'];

/** The thread's file lies beside the others, where `operator/off-loop.ts` looks for it. */
const operator = { 'jtel-operator': 'operator/bin/jtel-operator', thread: 'operator/thread.ts' };
/** `start.js` beside the folder of the plug-in's launchers replaces `start.ts`. */
const plugin = { start: 'kubectl-jtel/start.ts' };

/** Contents of the operator's image. */
export const bundleOperator = (): Promise<Bundle> => bundle(operator, asModules);

export const bundlePlugin = (): Promise<Bundle> => bundle(plugin, asModules);

/** Both programs, which share most of their code, without source maps. */
export const bundleBoth = (): Promise<Bundle> =>
  bundle({ ...operator, ...plugin }, { ...asModules, sourcemap: false });

/** One file without imports, which is what a single executable starts. @param entry from the repository's root */
export async function bundleAsScript(entry: string): Promise<OutputChunk> {
  const [file] = await bundle({ main: entry }, { format: 'cjs', codeSplitting: false, sourcemap: false });
  return file;
}

const asModules: OutputOptions = { format: 'esm', sourcemap: true };

/**
 * Files of a bundle by name, in memory.
 * @param entries name in the bundle → path from the repository's root
 * @throws {Error} for every warning of the bundler.
 */
async function bundle(entries: Readonly<Record<string, string>>, form: OutputOptions): Promise<Bundle> {
  const paths = Object.entries(entries).map(([name, path]) => [name, join(repositoryDirectory, path)]);
  const whole = await rolldown({
    input: Object.fromEntries(paths) as Record<string, string>,
    cwd: repositoryDirectory,
    platform: 'node',
    // The entry has no extension, because it is a command.
    moduleTypes: { '': 'js' },
    // Importing client-node's generated models has no effect, so only the named parts are bundled (70 MB of
    // memory less).
    treeshake: { moduleSideEffects: (id) => !id.includes('/node_modules/@kubernetes/client-node/') },
    // ssh2 tries its native code and continues without.
    external: [/\.node$/],
    // A script has them from Node. In a package's own module, "module" would be something else.
    transform: {
      define:
        form.format === 'esm' ? { __dirname: 'import.meta.dirname', __filename: 'import.meta.filename' } : {},
    },
    plugins: [leaveOut, pageInside, filesBeside],
    // They are warnings about a slow machine, not about the code.
    checks: { bundlerTimings: false },
    onLog: (level, log) => {
      if (level === 'warn')
        throw new Error(`${Object.values(entries).join(', ')} cannot be bundled: ${log.message}`);
    },
  });
  try {
    // ASCII, because one character beyond Latin-1 makes V8 keep a file's whole text as two bytes per
    // character.
    const { output } = await whole.generate({ ...form, charset: 'ascii', comments: false });
    return output;
  } finally {
    await whole.close();
  }
}

const leaveOut: Plugin = {
  name: 'leave-out',
  resolveId: (name) => (absent.has(name) ? `\0absent:${name}` : null),
  load: (id) => (id.startsWith('\0absent:') ? 'module.exports = {};' : null),
};

const pageMaker = join(repositoryDirectory, 'web/page/build.ts');

/** The files of the page instead of the program that makes them: an installation has neither its sources nor rolldown. */
const pageInside: Plugin = {
  name: 'page-inside',
  load: async (id) =>
    id === pageMaker ? `export const buildPage = async () => (${JSON.stringify(await buildPage())});` : null,
};

const readsBeside = /readFileSync\(new URL\('([^']+)', import\.meta\.url\), 'utf8'\)/g;

/**
 * Files that a module of ours reads from beside itself (shell scripts, CRDs) become texts in the bundle. Lines
 * stay where they are, so the source map is right.
 */
const filesBeside: Plugin = {
  name: 'files-beside',
  load: {
    filter: { id: { include: /\.ts$/, exclude: /\/node_modules\// } },
    async handler(id) {
      const code = await readFile(id, 'utf8');
      const texts = new Map<string, string>();
      for (const [call, name = ''] of code.matchAll(readsBeside))
        texts.set(call, JSON.stringify(await readFile(join(dirname(id), name), 'utf8')));
      if (texts.size === 0) return null;
      return { code: code.replaceAll(readsBeside, (call) => texts.get(call) ?? call), moduleType: 'ts' };
    },
  },
};

/** Writes a bundle, the licences of its packages, and the file that makes Node read it as modules. */
export async function writeBundle(files: Bundle, directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const file of files)
    await writeFile(join(directory, file.fileName), contentOf(file), {
      mode: file.fileName === bundleEntry ? 0o755 : 0o644,
    });
  await writeFile(join(directory, noticesFile), await noticesOf(files));
  await writeFile(join(directory, 'package.json'), '{"type":"module"}\n');
}

/** Packages of the page of stacks, which lies in a bundle as a text. */
const pagePackages = ['preact', '@preact/signals', '@preact/signals-core'];

/** The licences of all packages in a bundle. */
export async function noticesOf(files: Bundle): Promise<string> {
  const modules = files.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
  const page = pagePackages.map((name) => join(repositoryDirectory, 'node_modules', name));
  return await notices([...packagesOf(modules), ...(modules.includes(pageMaker) ? page : [])]);
}

export function contentOf(file: OutputChunk | OutputAsset): string | Uint8Array {
  if (file.type === 'chunk') return file.code;
  return file.fileName.endsWith('.map') ? ownLines(String(file.source)) : file.source;
}

interface SourceMap {
  readonly mappings: string;
  readonly sources: readonly string[];
}

/**
 * A source map with the lines of our own sources only: Node keeps maps in memory, and a whole one is bigger
 * than the code. Stack traces name file and line; those of packages stay as they are.
 */
export function ownLines(map: string): string {
  const { mappings, sources } = JSON.parse(map) as SourceMap;
  const own = sources.map((source) => !/(^|\/)node_modules\/|rolldown\/runtime/.test(source));
  const kept = sources.flatMap((source, index) =>
    own[index] === true ? [source.replace(/^(\.\.\/)+/, '')] : [],
  );
  const place = new Map(
    sources
      .flatMap((_, index) => (own[index] === true ? [index] : []))
      .map((index, position) => [index, position]),
  );
  const lines = decode(mappings).map((segments) => {
    const first = segments.find((segment) => segment.length > 1);
    const source = first === undefined ? undefined : place.get(first[1] ?? -1);
    return first === undefined || source === undefined
      ? []
      : [[0, source, first[2] ?? 0, 0] satisfies [number, number, number, number]];
  });
  return JSON.stringify({ version: 3, sources: kept, names: [], mappings: encode(lines) });
}
