/**
 * Completes package-lock.json after `npm install` on a machine whose registry mirror lacks the binaries of
 * other platforms. npm then leaves those optional packages out of the lock file, and `npm ci` (npm 11)
 * refuses it: "Missing: … from lock file". With version, os and cpu alone, an entry is skipped where it does
 * not belong; npm adds the integrity wherever it can get the package.
 *
 * `node scripts/complete-lockfile.ts [--check]` writes, or with `--check` only says what is missing (exit
 * code 1).
 */
import { readFileSync, writeFileSync } from 'node:fs';

interface LockEntry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export interface Lockfile {
  packages: Record<string, LockEntry>;
}

const platformName =
  /-(?<os>android|darwin|freebsd|linux|openharmony|win32)-(?<cpu>arm64|arm|ia32|x64|ppc64|riscv64|s390x)(?:-(?<abi>[a-z]+))?$/;

/**
 * Where npm would look for a dependency: beside the package, then one node_modules higher, up to the root.
 */
function isLocked(lock: Lockfile, from: string, name: string): boolean {
  for (let base = from; ;) {
    const path = base === '' ? `node_modules/${name}` : `${base}/node_modules/${name}`;
    if (lock.packages[path] !== undefined) return true;
    if (base === '') return false;
    const above = base.lastIndexOf('node_modules/');
    base = above <= 0 ? '' : base.slice(0, above - 1);
  }
}

/** Entries, by path, for every optional platform package that the lock file refers to but does not have. */
export function missingPlatformPackages(lock: Lockfile): Record<string, LockEntry> {
  const missing: Record<string, LockEntry> = {};
  for (const [path, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const platform = platformName.exec(name)?.groups;
      if (platform?.['os'] === undefined || platform['cpu'] === undefined || isLocked(lock, path, name))
        continue;
      const abi = platform['abi'] ?? '';
      const libc = abi.startsWith('gnu') ? 'glibc' : abi.startsWith('musl') ? 'musl' : undefined;
      missing[`node_modules/${name}`] = {
        version,
        cpu: [platform['cpu']],
        ...(entry.dev === true ? { dev: true } : {}),
        ...(libc === undefined ? {} : { libc: [libc] }),
        optional: true,
        os: [platform['os']],
      };
    }
  }
  return missing;
}

/** The lock file with those entries, in npm's own order. */
export function completed(lock: Lockfile): Lockfile {
  const packages = { ...lock.packages, ...missingPlatformPackages(lock) };
  const paths = Object.keys(packages).toSorted((a, b) => a.localeCompare(b, 'en'));
  return { ...lock, packages: Object.fromEntries(paths.map((path) => [path, packages[path] as LockEntry])) };
}

if (import.meta.main) {
  const file = 'package-lock.json';
  const lock = JSON.parse(readFileSync(file, 'utf8')) as Lockfile;
  const missing = Object.keys(missingPlatformPackages(lock));
  if (missing.length === 0) {
    console.log(`${file} is complete`);
  } else if (process.argv.includes('--check')) {
    console.error(
      `${file} lacks ${missing.length} platform packages, so that npm ci would refuse it: run node scripts/complete-lockfile.ts`,
    );
    process.exitCode = 1;
  } else {
    writeFileSync(file, `${JSON.stringify(completed(lock), undefined, 2)}\n`);
    console.log(`${file}: added ${missing.length} platform packages`);
  }
}
