/**
 * Takes production packages for an image from the repository's node_modules. The lock file says which
 * packages a set of roots needs and where they lie; npm has checked them against the lock's digests. So a
 * build needs no network, and two builds from one lock file have the same files.
 */
import { cp, mkdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What the jobs need besides their sources. */
export const toolboxPackages: readonly string[] = ['koffi', 'tar-stream'];

interface LockedPackage {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  /** Absent: it runs everywhere. */
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
}

/** The used part of package-lock.json (lockfileVersion 3): packages by path; `''` is the project. */
export interface LockFile {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

export async function readLockFile(repository: string): Promise<LockFile> {
  return JSON.parse(await readFile(join(repository, 'package-lock.json'), 'utf8')) as LockFile;
}

/**
 * Paths (`node_modules/…`) of the roots and everything they need at run time, sorted, without type packages.
 * @throws {Error} if a root is not in the lock file.
 */
export function packagesNeeded(lock: LockFile, roots: readonly string[]): readonly string[] {
  const found = new Set<string>();
  const visit = (from: string, name: string, required: boolean): void => {
    if (name.startsWith('@types/')) return;
    const path = resolvePackage(lock, from, name);
    if (path === undefined) {
      if (required)
        throw new Error(
          `package ${name}, needed by ${from || 'an image'}, is not in package-lock.json: run npm install`,
        );
      return;
    }
    if (found.has(path)) return;
    found.add(path);
    const entry = lock.packages[path] ?? {};
    for (const dependency of Object.keys(entry.dependencies ?? {})) visit(path, dependency, true);
    for (const dependency of Object.keys({ ...entry.optionalDependencies, ...entry.peerDependencies }))
      visit(path, dependency, false);
  };
  for (const root of roots) visit('', root, true);
  return [...found].toSorted();
}

/** Where Node would find `name` for the package at `from`. */
function resolvePackage(lock: LockFile, from: string, name: string): string | undefined {
  for (let place = from; ; place = dirname(place)) {
    if (place === '.' || place === '')
      return lock.packages[`node_modules/${name}`] === undefined ? undefined : `node_modules/${name}`;
    if (place.endsWith('node_modules')) continue;
    const candidate = `${place}/node_modules/${name}`;
    if (lock.packages[candidate] !== undefined) return candidate;
  }
}

/** Files that nothing reads at run time; `prebuilds` are addons for another JavaScript runtime (Bare). */
const unneeded =
  /\.(map|md|markdown|d\.[cm]?ts|tsbuildinfo)$|\/(test|tests|__tests__|docs|example|examples|coverage|benchmark|bench|prebuilds|\.github)$/;

/** Copies packages to `target/node_modules/…`, without optional ones that npm did not install here. */
export async function copyPackages(
  repository: string,
  paths: readonly string[],
  target: string,
): Promise<void> {
  for (const path of paths) {
    const source = join(repository, path);
    if ((await stat(source).catch(() => undefined)) === undefined) continue;
    await mkdir(dirname(join(target, path)), { recursive: true });
    const nested = join(source, 'node_modules');
    await cp(source, join(target, path), {
      recursive: true,
      // Nested packages are copied by their own path.
      filter: (file) => file !== nested && (file === source || !unneeded.test(file.slice(source.length))),
    });
  }
}
