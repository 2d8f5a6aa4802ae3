/**
 * Who may import whom (docs/development.md has it as a picture):
 *   runtime, backup-format, jobs, crds ← {host-driver ∥ blob-store ∥ release}
 *     ← controllers/* ← {insight ∥ doctor} ← web/server ← operator ∥ kubectl-jtel
 * The rule is data here; `check.ts` applies it.
 */

export interface Layer {
  readonly name: string;
  readonly contains: (path: string) => boolean;
  /** Names of the layers it may import, besides itself. */
  readonly mayImport: readonly string[] | 'any';
  /** Not part of the product, so it may use any package. */
  readonly isTool?: true;
}

const below = (folder: string) => (path: string) => path.startsWith(`${folder}/`);
const format = ['crds', 'backup-format', 'jobs'];
const foundation = ['runtime', ...format];
const parts = ['host-driver', 'blob-store', 'release'];
/** What both programs show to people. */
const shown = ['insight', 'web/protocol', 'web/server', 'web/page'];

/** Rooms of `controllers/` that all controllers share. */
const rooms = ['channels', 'hosts', 'inputs', 'loading', 'stores', 'times'].map(
  (name) => `controllers/${name}`,
);
/** A controller is a layer of its own, so that controllers do not import each other. */
const controllers = ['stack', 'backup', 'restore', 'schedule', 'store', 'channel', 'drill'].map(
  (name) => `controllers/${name}`,
);

/** The house that a path lies in; undefined for a path that may be imported file by file. */
export function houseOf(path: string): string | undefined {
  return controllers.find((house) => path.startsWith(`${house}/`));
}

/**
 * The rooms of a controller, in the order in which a look goes through them. Each knows only those before it.
 */
export const roomsInOrder = ['desired', 'observe', 'plan', 'act', 'report'] as const;

/** Whether others may import it: the door may be, and the builders by tests. */
export function isDoor(path: string, importer: string): boolean {
  const isForTests = isTest(importer) || importer.startsWith('test/') || importer.endsWith('/testing.ts');
  return path.endsWith('/index.ts') || (isForTests && path.endsWith('/testing.ts'));
}

/** A path belongs to the first layer that contains it. */
export const layers: readonly Layer[] = [
  { name: 'base', contains: below('base'), mayImport: [] },
  { name: 'runtime', contains: below('runtime'), mayImport: [] },
  { name: 'command-line', contains: below('command-line'), mayImport: [] },
  { name: 'backup-format', contains: below('backup-format'), mayImport: [] },
  { name: 'jobs', contains: below('jobs'), mayImport: ['backup-format'] },
  { name: 'crds', contains: below('crds'), mayImport: ['runtime'] },
  { name: 'host-driver', contains: below('host-driver'), mayImport: foundation },
  { name: 'blob-store', contains: below('blob-store'), mayImport: format },
  // It renders what a host is given.
  { name: 'release', contains: below('release'), mayImport: [...format, 'host-driver'] },
  { name: 'toolbox', contains: below('toolbox'), mayImport: ['backup-format', 'jobs', 'release'] },
  ...rooms.map((name): Layer => ({
    name,
    contains: below(name),
    mayImport: [...foundation, ...parts, ...rooms],
  })),
  ...controllers.map((name): Layer => ({
    name,
    contains: below(name),
    mayImport: [...foundation, ...parts, ...rooms],
  })),
  // What people are told of stacks, whatever shows it.
  { name: 'insight', contains: below('insight'), mayImport: [...foundation, ...controllers] },
  {
    name: 'doctor',
    contains: below('doctor'),
    mayImport: [...foundation, ...parts, ...rooms, ...controllers, 'command-line'],
  },
  ...['operator', 'kubectl-jtel'].map((name): Layer => ({
    name,
    contains: below(name),
    mayImport: [
      ...foundation,
      ...parts,
      ...rooms,
      ...controllers,
      ...shown,
      'doctor',
      'command-line',
      'package.json',
    ],
  })),
  // Types only: the page and its server have nothing else in common.
  { name: 'web/protocol', contains: (path) => path === 'web/protocol.ts', mayImport: [] },
  {
    name: 'web/server',
    contains: below('web/server'),
    mayImport: [...foundation, ...controllers, 'insight', 'web/protocol', 'web/page'],
  },
  // Runs in a browser, in which it has nothing but what its bundle brings.
  { name: 'web/page', contains: below('web/page'), mayImport: ['web/protocol'], isTool: true },
  { name: 'kit', contains: below('kit'), mayImport: [], isTool: true },
  { name: 'images', contains: below('images'), mayImport: ['kit', 'crds', 'web/page'], isTool: true },
  {
    name: 'packaging',
    contains: below('packaging'),
    mayImport: [
      'kit',
      'images',
      'crds',
      'command-line',
      'kubectl-jtel',
      'operator',
      'sandbox',
      'package.json',
    ],
    isTool: true,
  },
  { name: 'sandbox', contains: below('sandbox'), mayImport: ['kit', 'images', 'crds'], isTool: true },
  { name: 'monitoring', contains: below('monitoring'), mayImport: ['operator', 'runtime'], isTool: true },
  { name: 'docs', contains: below('docs'), mayImport: [], isTool: true },
  ...['test', 'bench', 'scripts'].map((name): Layer => ({
    name,
    contains: below(name),
    mayImport: 'any',
    isTool: true,
  })),
  // It prints the version.
  { name: 'package.json', contains: (path) => path === 'package.json', mayImport: [] },
  { name: 'root', contains: (path) => !path.includes('/'), mayImport: 'any', isTool: true },
];

/** Packages that belong to one folder. Everything else goes through that folder's interface. */
export const packageOwners: readonly {
  readonly isOwned: (specifier: string) => boolean;
  readonly owner: string;
}[] = [
  { isOwned: (specifier) => specifier.startsWith('@kubernetes/client-node'), owner: 'runtime' },
  { isOwned: (specifier) => specifier === 'ssh2' || specifier === 'dockerode', owner: 'host-driver' },
  { isOwned: (specifier) => specifier.startsWith('@azure/'), owner: 'blob-store' },
];

/**
 * Planning and rendering, and how they are shown: the same input gives the same output on any machine, at any
 * time.
 */
export function mustBePure(path: string): boolean {
  if (isTest(path) || isTool(path)) return false;
  return (
    /^controllers\/[^/]+\/plan(-[^/]+)?\.ts$/.test(path) ||
    /^controllers\/[^/]+\/(desired|plan|report)\//.test(path) ||
    path.startsWith('release/') ||
    path === 'host-driver/volumes.ts' ||
    path === 'host-driver/compose-files.ts' ||
    path === 'host-driver/registry-login.ts' ||
    path.startsWith('kubectl-jtel/view/') ||
    path.startsWith('insight/') ||
    path.startsWith('doctor/judge/') ||
    path.startsWith('web/server/rows/')
  );
}

export function isTest(path: string): boolean {
  return path.endsWith('.test.ts');
}

/** What `make generate` runs besides its own output. It is no part of the product that runs. */
export function isTool(path: string): boolean {
  return /^(crds|release)\/generate(\.ts$|\/)/.test(path);
}
