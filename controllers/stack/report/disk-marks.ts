/**
 * What the status keeps of a host's disk: how much is free, and how much was some days ago, from which whoever reads it
 * tells when the disk is full (`insight/disk.ts`); pure. It is written once a week, and when the disk got emptier.
 */
import type { JtelStackStatus } from '../../../crds/index.ts';
import type { HostFacts } from '../../../host-driver/host.ts';
import { formatTime } from '../../../runtime/report/conditions.ts';

type HostStatus = NonNullable<JtelStackStatus['host']>;
type DiskStatus = Pick<HostStatus, 'diskFreeBytes' | 'diskTotalBytes' | 'diskMarks'>;

const markMilliseconds = 7 * 86_400_000;
/** A busy disk changes by the second: a status that followed would be written for ever. */
const notable = 0.05;

export function summariseDisk(
  {
    diskFreeBytes,
    diskTotalBytes,
    machineID,
  }: Pick<HostFacts, 'diskFreeBytes' | 'diskTotalBytes' | 'machineID'>,
  before: HostStatus = {},
  now: Date,
): DiskStatus {
  const free = roundDown(diskFreeBytes, before.diskFreeBytes);
  const isSameDisk =
    before.diskTotalBytes === diskTotalBytes && (before.machineID ?? machineID) === machineID;
  const marks = isSameDisk ? (before.diskMarks ?? []) : [];
  const [newest] = marks;
  const mark = { time: formatTime(now), freeBytes: free };
  const summary = { diskFreeBytes: free, diskTotalBytes };
  // What was cleared away says nothing of how fast it fills up.
  if (newest === undefined || free > newest.freeBytes * (1 + notable))
    return { ...summary, diskMarks: [mark] };
  const isDue = now.getTime() - Date.parse(newest.time) >= markMilliseconds;
  return { ...summary, diskMarks: isDue ? [mark, newest] : marks };
}

/** Kept until it moved by 5 %. */
function roundDown(bytes: number, previous: number | undefined): number {
  if (previous !== undefined && Math.abs(bytes - previous) < previous * notable) return previous;
  return Math.floor(bytes / 2 ** 20) * 2 ** 20;
}
