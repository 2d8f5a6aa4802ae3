/**
 * Names in a backup store: identities, backupIDs, and paths of a backup's parts. No other code builds such
 * paths.
 */
import { compactTime } from '../base/time.ts';

/** Chunks lie at multiples of this in their file; only the last chunk of a file is shorter. */
export const chunkBytes = 65_536;
/** A pack is closed when it has reached the first; no pack is longer than the second. */
export const packBytes = { closed: 8 * 1024 * 1024, longest: 16 * 1024 * 1024 } as const;
/**
 * How long new chunks go to the packs of one epoch. The store's immutability period must be longer than
 * retention plus this.
 */
export const defaultEpochDays = 30;

const backupIDPattern = /^(\d{4})(\d{2})(\d{2})t(\d{2})(\d{2})(\d{2})z-[0-9a-f]{6}$/;
const dayMilliseconds = 86_400_000;

/** The stack's stable name in its store. It outlives clusters, so it is not a uid. */
export function defaultIdentity(namespace: string, name: string): string {
  return `${namespace}.${name}`;
}

/** Lower case, digits, `.` and `-`, beginning and ending with a letter or digit: one segment of a path, never `..`. */
export function isIdentity(text: string): boolean {
  return text.length <= 253 && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(text);
}

/**
 * `20261123t120000z-1a2b3c`: sorts by time.
 * @param random six hexadecimal digits.
 */
export function backupIDAt(start: Date, random: string): string {
  const id = `${compactTime(start)}-${random}`;
  if (!isBackupID(id)) throw new TypeError(`backupIDAt: ${random} is not six hexadecimal digits`);
  return id;
}

export function isBackupID(text: string): boolean {
  return timeOf(text) !== undefined;
}

/** When the backup began, to the second. @throws {TypeError} if it is not a backupID. */
export function backupTime(backupID: string): Date {
  const time = timeOf(backupID);
  if (time === undefined) throw new TypeError(`${JSON.stringify(backupID)} is no backupID`);
  return time;
}

function timeOf(text: string): Date | undefined {
  const [, year, month, day, hour, minute, second] = backupIDPattern.exec(text) ?? [];
  if (year === undefined) return undefined;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const time = new Date(iso);
  return Number.isNaN(time.getTime()) || time.toISOString() !== iso ? undefined : time;
}

/** An epoch is named after the UTC day of its first backup: `20261123`. */
function epochAt(start: Date): string {
  return start.toISOString().slice(0, 10).replaceAll('-', '');
}

export function isEpoch(text: string): boolean {
  return /^\d{8}$/.test(text) && isBackupID(`${text}t000000z-000000`);
}

/**
 * The epoch for a backup that starts now: the last one while it lasts, else a new one.
 * @param last epoch of the last Completed backup.
 */
export function epochFor(start: Date, last: string | undefined, days: number = defaultEpochDays): string {
  if (last === undefined || !isEpoch(last)) return epochAt(start);
  const age = start.getTime() - backupTime(`${last}t000000z-000000`).getTime();
  return age >= 0 && age < days * dayMilliseconds ? last : epochAt(start);
}

/** Documents beside the manifest: all that a person needs to build the stack again. */
export const documentNames = ['stack.json', 'release.json', 'compose.yaml'] as const;
export const manifestName = 'manifest.json';

/** Each try has its own names, because nothing is ever written twice. */
export function packListName(attempt: number): string {
  return `packs-${attempt}.zst`;
}

export function indexPartName(attempt: number, part: number): string {
  return `index-${attempt}-${part}.zst`;
}

/** Part of what the index cannot express (./attributes.ts). */
export function attributePartName(attempt: number, part: number): string {
  return `attributes-${attempt}-${part}.zst`;
}

/** Try and part from the name of an index part; undefined for any other name. */
export function parseIndexPartName(
  name: string,
): { readonly attempt: number; readonly part: number } | undefined {
  const [, attempt, part] = /^index-([1-9]\d{0,5})-([1-9]\d{0,6})\.zst$/.exec(name) ?? [];
  return attempt === undefined || part === undefined
    ? undefined
    : { attempt: Number(attempt), part: Number(part) };
}

/** Paths relative to the store's prefix. A path to list ends in `/`. */
export const paths = {
  identity: (identity: string): string => `${identity}/`,
  /** Of all epochs. */
  allPacks: (identity: string): string => `${identity}/packs/`,
  packs: (identity: string, epoch: string): string => `${identity}/packs/${epoch}/`,
  pack: (identity: string, epoch: string, sha256: string): string => `${identity}/packs/${epoch}/${sha256}`,
  backups: (identity: string): string => `${identity}/backups/`,
  backup: (identity: string, backupID: string): string => `${identity}/backups/${backupID}/`,
  part: (identity: string, backupID: string, name: string): string =>
    `${identity}/backups/${backupID}/${name}`,
  /** Copies of a release's vanilla data, before the stack has a backup of its own. */
  vanilla: (identity: string, version: string): string => `${identity}/vanilla/${version}/`,
  manifest: (identity: string, backupID: string): string => `${identity}/backups/${backupID}/${manifestName}`,
  /** For people who check signatures by hand. Nobody trusts a key because it lies there. */
  publicKey: (identity: string, keyID: string): string => `${identity}/signing-keys/${keyID}.pem`,
} as const;

/** A path below the prefix of a store; an empty prefix is the container itself. */
export function inStore(prefix: string, path: string): string {
  const trimmed = prefix.replaceAll(/^\/+|\/+$/g, '');
  return trimmed === '' ? path : `${trimmed}/${path}`;
}
