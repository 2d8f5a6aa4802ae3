/**
 * Parses what the observe script prints. The script needs neither Docker nor sudo nor any installed package.
 */
import { readFileSync } from 'node:fs';
import type { HostFacts, HostState, VolumeContent } from '../host.ts';
import { commandLine } from '../ssh/quote.ts';
import { readFence, readState, type UnusableState } from '../state.ts';
import { valid } from '../values.ts';
import { optional } from '../../base/optional.ts';

const script = readFileSync(new URL('observe.sh', import.meta.url), 'utf8');
const check = [
  readFileSync(new URL('look.sh', import.meta.url), 'utf8'),
  readFileSync(new URL('check.sh', import.meta.url), 'utf8'),
].join('');

/** What a host says goes on into statuses. */
const longestValue = 1024;
const mostLines = 10_000;
const longestName = 100;
const longestVolumeName = 255;

/**
 * Facts that do not change while a connection lives. A quick observation takes them from the last full one.
 */
export type LastingFacts = Omit<
  HostFacts,
  | 'machineID'
  | 'hostKey'
  | 'diskTotalBytes'
  | 'diskFreeBytes'
  | 'imageDisk'
  | 'dockerVersion'
  | 'apiVersion'
  | 'bridges'
  | 'loginNoise'
>;

export interface ScriptObservation {
  readonly machineID: string;
  /** Whether Docker did not say in time where its data are, so the disks are not known. */
  readonly hasNoDisk: boolean;
  readonly diskTotalBytes: number;
  readonly diskFreeBytes: number;
  readonly imageDisk?: NonNullable<HostFacts['imageDisk']>;
  readonly lasting?: LastingFacts;
  readonly state?: HostState;
  /** What lies there in place of a state. */
  readonly unusable?: UnusableState;
  readonly stateText: string;
  readonly releases: readonly string[];
  readonly currentRelease?: string;
  /** What somebody changed by hand. Only from a full look. */
  readonly changed?: readonly string[];
  /** What volumes hold, by name. Only from a full look. */
  readonly contents?: Readonly<Record<string, VolumeContent>>;
}

const contentWords: Readonly<Record<string, VolumeContent>> = {
  database: 'Database',
  bare: 'BareDatabase',
  data: 'Data',
  marked: 'Marked',
  loading: 'Loading',
  empty: 'Empty',
};

/** Starts the script. Each answer is between the lines `begin-<mark>` and `end-<mark>`. */
export function observerCommand(mark: string): string {
  return `exec ${commandLine(['sh', '-c', script, 'jtel-observe', mark, check])}`;
}

/** A line for its stdin. */
export function question(depth: 'quick' | 'full', project: string): string {
  return `${depth} ${valid('project', project)}`;
}

/** @param nowSeconds our clock while the script ran, to compute the skew. */
export function parseObservation(output: string, nowSeconds: number): ScriptObservation {
  const marker = output.indexOf('\nstate\n');
  const head = marker < 0 ? output : output.slice(0, marker);
  const stateText = marker < 0 ? '' : output.slice(marker + '\nstate\n'.length);
  const values = new Map<string, string>();
  const releases: string[] = [];
  const changed: string[] = [];
  const contents: Record<string, VolumeContent> = {};
  const full: string[] = [];
  for (const line of head.split('\n')) {
    const space = line.indexOf(' ');
    const [key, value] =
      space < 0 ? [line, ''] : [line.slice(0, space), line.slice(space + 1, space + 1 + longestValue)];
    if (releases.length + changed.length + full.length > mostLines) break;
    if (key === 'release') releases.push(value);
    else if (key === 'changed') changed.push(value.slice(0, longestName));
    else if (key === 'content') Object.assign(contents, contentOf(value));
    else if (key === 'room') full.push(...fullPlace(value));
    else values.set(key, value);
  }
  const number = (key: string) => Number(values.get(key) ?? 0) || 0;
  const disk = diskOf(values.get('disk') ?? '');
  const images = diskOf(values.get('image-disk') ?? '');
  const { state, unusable } = fencedState(stateText, values.get('fence'));
  const current = values.get('current');
  return {
    machineID: values.get('machine') ?? '',
    hasNoDisk: values.has('no-disk'),
    diskTotalBytes: disk.totalBytes,
    diskFreeBytes: disk.freeBytes,
    // The same file system under another name is not a second disk.
    ...(images.totalBytes === 0 || images.id === disk.id
      ? {}
      : { imageDisk: { totalBytes: images.totalBytes, freeBytes: images.freeBytes } }),
    ...(values.has('clock') ? { lasting: lastingFacts(values, number, nowSeconds, full) } : {}),
    ...optional({ state, unusable }),
    stateText,
    releases,
    ...optional({ currentRelease: current }),
    ...(values.has('clock') ? { changed: [...new Set(changed)], contents } : {}),
  };
}

/** Parses what stat(1) says about a file system: block size, blocks, available blocks, and its id. */
function diskOf(text: string): {
  readonly totalBytes: number;
  readonly freeBytes: number;
  readonly id: string | undefined;
} {
  const [blockSize, blocks, available, id] = text.split(' ');
  const size = Number(blockSize) || 0;
  return { totalBytes: size * (Number(blocks) || 0), freeBytes: size * (Number(available) || 0), id };
}

/** Parses block size, free blocks, inodes, free inodes and path. Less than 64 KiB is nothing. */
function fullPlace(text: string): readonly string[] {
  const [size, free, inodes, freeInodes, path = ''] = text.split(' ');
  const isFull = Number(size) * Number(free) < 65_536 || (Number(inodes) > 0 && Number(freeInodes) === 0);
  return isFull ? [path.slice(0, longestName)] : [];
}

/** Leaves out volumes that nobody could look into. */
function contentOf(value: string): Readonly<Record<string, VolumeContent>> {
  const [word = '', volume = ''] = value.split(' ');
  const content = Object.hasOwn(contentWords, word) ? contentWords[word] : undefined;
  return content === undefined ? {} : { [volume.slice(0, longestVolumeName)]: content };
}

function lastingFacts(
  values: ReadonlyMap<string, string>,
  number: (key: string) => number,
  nowSeconds: number,
  fullPlaces: readonly string[],
): LastingFacts {
  const limit = number('memory-limit');
  const memory = number('memory') * 1024;
  const compose = values.get('compose') ?? '';
  return {
    osID: values.get('os') ?? '',
    osVersion: values.get('os-version') ?? '',
    osName: values.get('os-name') ?? '',
    architecture: values.get('architecture') ?? '',
    cores: number('cores'),
    // A host that is a container has less memory than the machine that it runs on.
    memoryBytes: limit > 0 && limit < memory ? limit : memory,
    timeZone: zoneName(values.get('zone') ?? '', values.get('zone-name') ?? ''),
    // date(1) drops the fraction of a second, so half a second is added.
    clockSkewSeconds: Math.trunc(number('clock') + 0.5 - nowSeconds) + 0,
    dataRoot: values.get('data-root') ?? '/var/lib/docker',
    canSudo: values.get('sudo') === 'yes',
    ...(fullPlaces.length === 0 ? {} : { fullPlaces }),
    ...(compose === '' ? {} : { composeVersion: compose.replace(/^v/, '') }),
  };
}

function zoneName(link: string, name: string): string {
  return /zoneinfo\/(.+)$/.exec(link)?.[1] ?? (name || 'Etc/UTC');
}

/** The host checks the fence. state.json may be one step behind it. */
function fencedState(
  text: string,
  line: string | undefined,
): { readonly state?: HostState; readonly unusable?: UnusableState } {
  const { state, unusable } = readState(text);
  const fence = readFence(line);
  const problem = unusable ?? fence.unusable;
  if (problem !== undefined) return { unusable: problem };
  if (state === undefined) return {};
  return {
    state: fence.epoch !== undefined && fence.epoch > state.epoch ? { ...state, epoch: fence.epoch } : state,
  };
}
