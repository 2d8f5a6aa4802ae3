/** Is there room on the host's disks, and is there room beside the data that is to be replaced? */
import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { JobError } from '../job-error.ts';
import { formatBytes } from '../../base/bytes.ts';
import type { Place } from './places.ts';

/** Room that the database's tool needs to prepare, and that a started stack needs. */
const spareBytes = 64 * 1024 * 1024;
const spareFraction = 0.03;

/**
 * `Beside`: old data stays until the new data is ready. `AfterRemoval`: there is room for only one of them.
 */
export type Room = 'Beside' | 'AfterRemoval';

export interface Need {
  readonly place: Place;
  /** Bytes that its data set will take. */
  readonly bytes: number;
}

/** @throws {JobError} DiskFull when there is no room even without the old data. */
export async function findRoom(needs: readonly Need[], others: readonly OtherNeed[]): Promise<Room> {
  let room: Room = 'Beside';
  for (const { needed, free, staged, old, path } of await devices(needs, others)) {
    if (needed <= free + staged) continue;
    if (needed > free + staged + old) {
      const without = old === 0 ? '' : `, ${formatBytes(old)} of them by replacing what is there`;
      throw new JobError(
        'DiskFull',
        `the backup needs ${formatBytes(needed)} at ${path} on the host, ${formatBytes(free + staged + old)} can be had${without}: free some space or enlarge the disk`,
      );
    }
    room = 'AfterRemoval';
  }
  return room;
}

/** Room needed for something other than the data of a place. */
export interface OtherNeed {
  readonly path: string;
  readonly bytes: number;
}

interface Device {
  readonly path: string;
  needed: number;
  readonly free: number;
  staged: number;
  old: number;
}

/** Volumes often share one file system. */
async function devices(needs: readonly Need[], others: readonly OtherNeed[]): Promise<readonly Device[]> {
  const found = new Map<number, Device>();
  for (const { place, bytes } of needs) {
    const device = await deviceOf(place.volumePath, found);
    device.needed += Math.ceil(bytes * (1 + spareFraction));
    const staged = await allocated(place.staging);
    device.staged += staged;
    device.old += Math.max(
      0,
      (await allocated(place.target)) - (place.staging.startsWith(`${place.target}/`) ? staged : 0),
    );
  }
  for (const { path, bytes } of others) (await deviceOf(path, found)).needed += bytes;
  return [...found.values()];
}

async function deviceOf(path: string, found: Map<number, Device>): Promise<Device> {
  const { dev } = await stat(path);
  const { bavail, bsize } = await statfs(path);
  const device = found.get(dev) ?? { path, needed: spareBytes, free: bavail * bsize, staged: 0, old: 0 };
  found.set(dev, device);
  return device;
}

/**
 * Bytes on disk below a directory; 0 when it is not there. A file with several names counts once.
 * @param counted inodes of such files.
 */
export async function allocated(path: string, counted = new Set<number>()): Promise<number> {
  let bytes = 0;
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) bytes += await allocated(child, counted);
    if (!entry.isFile()) continue;
    const found = await stat(child).catch(() => undefined);
    if (found === undefined || counted.has(found.ino)) continue;
    if (found.nlink > 1) counted.add(found.ino);
    bytes += found.blocks * 512;
  }
  return bytes;
}
