/**
 * Applies the rules of the architecture to source files and says, one sentence each, what breaks them. Pure.
 */
import {
  houseOf,
  isDoor,
  isTest,
  isTool,
  layers,
  mustBePure,
  packageOwners,
  roomsInOrder,
  type Layer,
} from './layers.ts';
import { importsOf, resolveImport, type SourceFile } from './source-files.ts';

const largestLines = 400;

export function violations(files: readonly SourceFile[]): string[] {
  const typeScript = files.filter((file) => /\.tsx?$/.test(file.path) && !file.path.includes('/generated/'));
  return [
    ...typeScript.flatMap((file) => [...layering(file), ...doors(file), ...rooms(file)]),
    ...notInProduction(
      typeScript,
      files.find((file) => file.path === 'package.json'),
    ),
    ...circles(typeScript),
    ...impurities(files.filter((file) => file.path.endsWith('.ts'))),
    ...files.flatMap((file) => [...tooLong(file), ...forbiddenNames(file)]),
  ];
}

function layerOf(path: string): Layer | undefined {
  return layers.find((layer) => layer.contains(path));
}

function layering({ path, text }: SourceFile): string[] {
  const layer = layerOf(path);
  if (layer === undefined)
    return [`${path} belongs to no layer: give its folder a place in test/architecture/layers.ts`];
  // Tests may use helpers and real clients of any layer.
  if (layer.mayImport === 'any' || isTest(path)) return [];
  const allowed = ['base', layer.name, ...layer.mayImport];
  return importsOf(text).flatMap(({ specifier }) => {
    const target = resolveImport(path, specifier);
    if (target === undefined) return foreignPackage(path, specifier, layer);
    const targetLayer = layerOf(target);
    if (targetLayer !== undefined && allowed.includes(targetLayer.name)) return [];
    return [`${path} imports ${target}: ${layer.name} may import only ${allowed.join(', ')}`];
  });
}

/** A controller is entered through its door, by tests too. So its rooms can change and nobody else has to. */
function doors({ path, text }: SourceFile): string[] {
  return importsOf(text).flatMap(({ specifier }) => {
    const target = resolveImport(path, specifier);
    const house = target === undefined ? undefined : houseOf(target);
    if (target === undefined || house === undefined || houseOf(path) === house) return [];
    return isDoor(target, path) ? [] : [`${path} imports ${target}: others import only ${house}/index.ts`];
  });
}

/**
 * A look goes one way through the rooms of a controller: the observing room asks no planner, and the planning
 * room has no words.
 */
function rooms({ path, text }: SourceFile): string[] {
  const house = houseOf(path);
  const place = roomOf(path, house);
  if (isTest(path) || place < 0) return [];
  return importsOf(text).flatMap(({ specifier }) => {
    const target = resolveImport(path, specifier) ?? '';
    return roomOf(target, house) > place
      ? [`${path} imports ${target}: a room knows only those before it (${roomsInOrder.join(', ')})`]
      : [];
  });
}

/** Its place in the order of rooms; -1 outside of them. */
function roomOf(path: string, house: string | undefined): number {
  return house === undefined ? -1 : roomsInOrder.findIndex((room) => path.startsWith(`${house}/${room}/`));
}

/**
 * Reports each circle of imports once, types included. No file of a circle can be read or moved without the
 * others.
 */
function circles(files: readonly SourceFile[]): string[] {
  const imports = new Map(
    files.map(({ path, text }) => [
      path,
      [...new Set(importsOf(text).flatMap(({ specifier }) => resolveImport(path, specifier) ?? []))],
    ]),
  );
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): void => {
    const at = way.indexOf(path);
    if (at >= 0) found.push(`${[...way.slice(at), path].join(' → ')}: a circle of imports`);
    if (at >= 0 || done.has(path)) return;
    for (const target of imports.get(path) ?? []) visit(target, [...way, path]);
    done.add(path);
  };
  for (const path of imports.keys()) visit(path, []);
  return found;
}

function foreignPackage(path: string, specifier: string, layer: Layer): string[] {
  if (layer.isTool === true) return [];
  return packageOwners
    .filter(({ isOwned, owner }) => isOwned(specifier) && owner !== layer.name)
    .map(({ owner }) => `${path} imports ${specifier}: only ${owner} may; use its interface`);
}

/**
 * The operator's image holds no development dependency, so what the product imports must be there at run
 * time.
 */
function notInProduction(files: readonly SourceFile[], manifest: SourceFile | undefined): string[] {
  if (manifest === undefined) return [];
  const { dependencies = {} } = JSON.parse(manifest.text) as {
    dependencies?: Readonly<Record<string, string>>;
  };
  return files
    .filter(({ path }) => layerOf(path)?.isTool !== true && !isTest(path) && !isTool(path))
    .flatMap(({ path, text }) =>
      importsOf(text)
        .filter(({ specifier, kind }) => kind === 'value' && !/^(\.|node:)/.test(specifier))
        .map(({ specifier }) =>
          specifier
            .split('/')
            .slice(0, specifier.startsWith('@') ? 2 : 1)
            .join('/'),
        )
        .filter((name) => dependencies[name] === undefined)
        .map(
          (name) =>
            `${path} imports ${name}, which is not among package.json's dependencies: the image would lack it`,
        ),
    );
}

const inputAndOutput =
  /^node:(fs|net|http|http2|https|tls|dns|dgram|child_process|cluster|worker_threads|os|readline|repl)(\/|$)|^(undici|winston)$/;

/** The parts of node:net that only compute. */
const addressArithmetic = /^import \{ (?:(?:BlockList|isIP|isIPv4|isIPv6)(?:, )?)+ \} from 'node:net';$/gm;

const impureExpressions: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['Date.now', /\bDate\.now\b/],
  ['new Date()', /\bnew Date\(\s*\)/],
  ['performance.now', /\bperformance\.now\b/],
  ['Math.random', /\bMath\.random\b/],
  ['randomUUID or randomBytes', /\brandom(UUID|Bytes|Int)\b/],
  ['process', /\bprocess\.(env|argv|cwd|hrtime|pid)\b/],
  ['a timer', /\bset(Timeout|Interval|Immediate)\(/],
  ['fetch', /(?<![.\w])fetch\(/],
];

/** Follows value imports, so that a planner cannot reach a clock or the disk through a helper either. */
function impurities(files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const found = new Map<string, string>();
  const visit = (path: string, way: readonly string[], seen: Set<string>): void => {
    const file = byPath.get(path);
    if (file === undefined || seen.has(path)) return;
    seen.add(path);
    const through = [...way, path].join(' → ');
    for (const name of ownImpurities(file)) {
      const key = `${path} ${name}`;
      if (!found.has(key))
        found.set(key, `${through} uses ${name}: planning and rendering are pure; take it as an argument`);
    }
    for (const { specifier, kind } of importsOf(file.text)) {
      const target = kind === 'value' ? resolveImport(path, specifier) : undefined;
      if (target !== undefined) visit(target, [...way, path], seen);
    }
  };
  for (const { path } of files.filter((file) => mustBePure(file.path))) visit(path, [], new Set());
  return [...found.values()];
}

function ownImpurities({ text }: SourceFile): string[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '');
  return [
    ...importsOf(text.replaceAll(addressArithmetic, ''))
      .filter(({ specifier, kind }) => kind === 'value' && inputAndOutput.test(specifier))
      .map(({ specifier }) => specifier),
    ...impureExpressions.filter(([, pattern]) => pattern.test(code)).map(([name]) => name),
  ];
}

function tooLong({ path, text }: SourceFile): string[] {
  const isCode =
    /\.(tsx?|css|cjs|mjs|js|sh|py|go)$|(^|\/)(Makefile|Dockerfile)$|^\.ci\//.test(path) &&
    !path.includes('/generated/');
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  return isCode && lines > largestLines
    ? [`${path} has ${lines} lines: at most ${largestLines}; divide it by what its parts are for`]
    : [];
}

/** Written in pieces, because this file is itself checked. */
const forbidden: readonly (readonly [what: string, name: string])[] = [
  ...[
    ['registry', 'npmjs', 'org'],
    ['registry', 'yarnpkg', 'com'],
    ['proxy', 'golang', 'org'],
    ['sum', 'golang', 'org'],
    ['deb', 'debian', 'org'],
    ['security', 'debian', 'org'],
    ['snapshot', 'debian', 'org'],
    ['archive', 'ubuntu', 'com'],
    ['pypi', 'org'],
    ['files', 'pythonhosted', 'org'],
    ['index', 'crates', 'io'],
  ].map((pieces): [string, string] => [
    'a package registry or mirror, which is the machine’s to choose',
    pieces.join('.'),
  ]),
  ['a path of the machine it was written on', ['/work', '.library'].join('/')],
  ['a path of the machine it was written on', ['/work', 'main'].join('/')],
];

function forbiddenNames({ path, text }: SourceFile): string[] {
  return forbidden
    .filter(([, name]) => text.includes(name))
    .map(([what, name]) => `${path} names ${name}: ${what}`);
}
