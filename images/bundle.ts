/**
 * Bundles programs for installation: rolldown makes JavaScript files from exactly the used parts of the
 * sources and their packages. That halves the operator's memory (docs/decisions/0006-bundle-in-the-image.md)
 * and the time until the plug-in starts. From the repository both run unbundled.
 */
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { decode, encode } from '@jridgewell/sourcemap-codec';
import { rolldown, type OutputAsset, type OutputChunk, type Plugin, type RolldownOutput } from 'rolldown';
import { crdFiles } from '../crds/crd.ts';
import { repositoryDirectory } from '../kit/paths.ts';
import { buildPage } from '../web/page/build.ts';

/** The file to start. */
export const bundleEntry = 'jtel-operator.js';

/**
 * Required but never used: BuildKit sessions of dockerode (we build no images), and native code of ssh2,
 * which uses Node's own cryptography without it.
 */
const absent = new Set(['@grpc/grpc-js', '@grpc/proto-loader', 'protobufjs', 'cpu-features']);

type Bundle = RolldownOutput['output'];

/** Contents of the operator's image. */
export const bundleOperator = (): Promise<Bundle> => bundle('jtel-operator', 'operator/bin/jtel-operator');

/** The plug-in; `start.js` beside the folder of its launchers replaces `start.ts`. */
export const bundlePlugin = (): Promise<Bundle> => bundle('start', 'kubectl-jtel/start.ts');

/** Files of a bundle by name, in memory. @throws {Error} for every warning of the bundler. */
async function bundle(name: string, entry: string): Promise<Bundle> {
  const whole = await rolldown({
    input: { [name]: join(repositoryDirectory, entry) },
    cwd: repositoryDirectory,
    platform: 'node',
    // The entry has no extension, because it is a command.
    moduleTypes: { '': 'js' },
    // Importing client-node's generated models has no effect, so only the named parts are bundled (70 MB of
    // memory less).
    treeshake: { moduleSideEffects: (id) => !id.includes('/node_modules/@kubernetes/client-node/') },
    // ssh2 tries its native code and continues without.
    external: [/\.node$/],
    transform: { define: { __dirname: 'import.meta.dirname', __filename: 'import.meta.filename' } },
    // Includes shell scripts that a module reads from beside itself.
    experimental: { resolveNewUrlToAsset: true },
    plugins: [leaveOut, pageInside],
    onLog: (level, log) => {
      if (level === 'warn') throw new Error(`${entry} cannot be bundled: ${log.message}`);
    },
  });
  try {
    // ASCII, because one character beyond Latin-1 makes V8 keep a file's whole text as two bytes per
    // character.
    const { output } = await whole.generate({
      format: 'esm',
      charset: 'ascii',
      comments: false,
      sourcemap: true,
    });
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

/**
 * Writes a bundle, the CRDs that it reads from beside itself, and the file that makes Node read it as
 * modules.
 */
export async function writeBundle(files: Bundle, directory: string): Promise<void> {
  for (const file of files) {
    const path = join(directory, file.fileName);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, contentOf(file), { mode: file.fileName === bundleEntry ? 0o755 : 0o644 });
  }
  for (const file of crdFiles) await cp(join(repositoryDirectory, 'crds', file), join(directory, file));
  await writeFile(join(directory, 'package.json'), '{"type":"module"}\n');
}

function contentOf(file: OutputChunk | OutputAsset): string | Uint8Array {
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
