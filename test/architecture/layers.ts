/**
 * Who may import whom (docs/development.md has it as a picture):
 *   model, crds, backup ← {operator/runtime ∥ host-driver ∥ blob-store ∥ release} ← controllers/* ← operator, cli
 * The rule is data here; `check.ts` applies it.
 */

export interface Layer {
  readonly name: string;
  readonly contains: (path: string) => boolean;
  /** Names of the layers it may import, besides itself; `any` for what is never part of the product. */
  readonly mayImport: readonly string[] | 'any';
}

const below = (folder: string) => (path: string) => path.startsWith(`${folder}/`);
const foundation = ['model', 'crds', 'backup'];
const parts = ['operator/runtime', 'host-driver', 'blob-store', 'release'];

/** A folder of `controllers/` is a layer of its own, so that controllers do not import each other. */
const controllerFolders = ['stack', 'backup', 'restore', 'schedule', 'store'].map(
  (name) => `controllers/${name}`,
);

/** The first that contains a path is its layer. */
export const layers: readonly Layer[] = [
  { name: 'model', contains: below('model'), mayImport: [] },
  { name: 'crds', contains: below('crds'), mayImport: ['model'] },
  { name: 'backup', contains: below('backup'), mayImport: ['model'] },
  ...parts.map((name): Layer => ({ name, contains: below(name), mayImport: foundation })),
  ...controllerFolders.map((name): Layer => ({
    name,
    contains: below(name),
    mayImport: [...foundation, ...parts, 'controllers (shared)'],
  })),
  {
    name: 'controllers (shared)',
    contains: (path) => /^controllers\/[^/]+\.ts$/.test(path),
    mayImport: [...foundation, ...parts],
  },
  ...['operator', 'cli'].map((name): Layer => ({
    name,
    contains: below(name),
    mayImport: [...foundation, ...parts, ...controllerFolders, 'controllers (shared)', 'operator', 'cli'],
  })),
  ...['images', 'sandbox', 'test', 'bench', 'scripts'].map((name): Layer => ({
    name,
    contains: below(name),
    mayImport: 'any',
  })),
  { name: 'root', contains: (path) => !path.includes('/'), mayImport: 'any' },
];

/** Packages that belong to one folder: everything else goes through its interface. */
export const packageOwners: readonly {
  readonly isOwned: (specifier: string) => boolean;
  readonly owner: string;
}[] = [
  { isOwned: (specifier) => specifier.startsWith('@kubernetes/client-node'), owner: 'operator/runtime' },
  { isOwned: (specifier) => specifier === 'ssh2' || specifier === 'dockerode', owner: 'host-driver' },
  { isOwned: (specifier) => specifier.startsWith('@azure/'), owner: 'blob-store' },
];

/** Planning, rendering and what is shown of it: the same input gives the same output, on any machine, at any time. */
export function mustBePure(path: string): boolean {
  if (isTest(path) || isTool(path)) return false;
  return (
    /(^|\/)plan\.ts$/.test(path) ||
    /^controllers\/[^/]+\/stages\//.test(path) ||
    path.startsWith('release/') ||
    path.startsWith('model/') ||
    path.startsWith('cli/kubectl/view/')
  );
}

export function isTest(path: string): boolean {
  return path.endsWith('.test.ts');
}

/** What `make generate` runs, beside what it makes; no part of the product that runs. */
export function isTool(path: string): boolean {
  return /^(crds|release)\/generate(\.ts$|\/)/.test(path);
}
