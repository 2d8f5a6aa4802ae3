/**
 * Decides whether a stack may run a release: on this host, and after the version that runs now. Pure; the
 * caller brings the facts.
 */
import semver from 'semver';
import type { Release } from './generated/release.ts';
import type { Size } from './stack-input.ts';

/** The part of the host driver's facts that preflight looks at. */
export interface FitnessFacts {
  readonly cores: number;
  readonly memoryBytes: number;
  readonly diskTotalBytes: number;
}

export interface PreflightFinding {
  readonly check: 'Cores' | 'Memory' | 'Disk';
  /** One sentence: what is there and what is needed. */
  readonly message: string;
}

/** A machine with 32 GB shows a few per cent less, because firmware and kernel keep a part. */
const memoryTolerance = 0.06;
/** A disk of 1 TB has 931 GiB, and the file system's own structures take a part of that. */
const diskTolerance = 0.1;

/** Lists what the host lacks for this release in this size. Empty if it fits. */
export function preflight(release: Release, size: Size, facts: FitnessFacts): readonly PreflightFinding[] {
  const needed = release.minimumHost[size];
  const forWhat = `size ${size} of release ${release.version}`;
  const findings: PreflightFinding[] = [];
  if (facts.cores < needed.cores) {
    findings.push({
      check: 'Cores',
      message: `the host has ${facts.cores} cores, ${forWhat} needs ${needed.cores}`,
    });
  }
  const memoryMiB = facts.memoryBytes / 1024 ** 2;
  if (memoryMiB < needed.memoryMiB * (1 - memoryTolerance)) {
    findings.push({
      check: 'Memory',
      message: `the host has ${Math.floor(memoryMiB)} MiB of memory, ${forWhat} needs ${needed.memoryMiB} MiB`,
    });
  }
  const diskGiB = facts.diskTotalBytes / 1024 ** 3;
  if (diskGiB < needed.diskGiB * (1 - diskTolerance)) {
    findings.push({
      check: 'Disk',
      message: `the host's disk for Docker has ${Math.floor(diskGiB)} GiB, ${forWhat} needs ${needed.diskGiB} GiB`,
    });
  }
  return findings;
}

export type UpdateVerdict =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly kind: 'Downgrade' | 'TooFar'; readonly message: string };

/** Whether `release` can update data of version `from` in place. The same version is always allowed. */
export function updateAllowed(from: string, release: Release): UpdateVerdict {
  const to = release.version;
  if (from === to) return { allowed: true };
  if (release.updatableFrom.some((range) => semver.satisfies(from, range, { includePrerelease: true })))
    return { allowed: true };
  if (semver.valid(from) !== null && semver.gt(from, to)) {
    const message = `the data is of version ${from}, newer than ${to}: going back needs a restore of a backup made by ${to} or earlier`;
    return { allowed: false, kind: 'Downgrade', message };
  }
  const message = `version ${from} cannot be updated to ${to} in one step; ${to} can update ${release.updatableFrom.join(' or ') || 'nothing'}: update to a version in between first`;
  return { allowed: false, kind: 'TooFar', message };
}

/**
 * Whether the first of two MariaDB series, such as `11.8` and `10.11`, is the newer one. The older one must
 * not get its files.
 */
export function isNewerSeries(one: string, other: string): boolean {
  const [major = 0, minor = 0] = one.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number);
  return major > otherMajor || (major === otherMajor && minor > otherMinor);
}
