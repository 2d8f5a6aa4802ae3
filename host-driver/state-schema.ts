/**
 * What `state.json` must look like. It lies on a host that somebody may have broken into, and it decides what
 * is done there, so each field that is read has a shape and a bound. Fields of newer operators are let through.
 */
import {
  boolean,
  integer,
  list,
  Misfit,
  object,
  oneOf,
  optional,
  where,
  type Schema,
} from '../backup-format/schema.ts';
import type { HostState } from './host-state.ts';

/** Each claim counts up by one, so nobody gets here; and sums with it are exact. */
export const largestEpoch = 1_000_000_000_000;

const longestWord = 1024;
/** Of what a container or a database said. */
const longestWords = 65_536;
const mostEntries = 10_000;

function words(longest = longestWord): Schema<string> {
  return (value) => {
    if (typeof value !== 'string' || value.length > longest)
      throw new Misfit(`must be a text of at most ${longest} characters`);
    return value;
  };
}

const time: Schema<string> = where(words(64), (value) => {
  if (Number.isNaN(Date.parse(value))) throw new Misfit('must be a time');
});

/** Names of volumes are compared with the project's when they are used (volumes.ts). */
const volumes: Schema<Readonly<Record<string, string>>> = (value) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Misfit('must be an object');
  const entries = Object.entries(value);
  if (entries.length > mostEntries) throw new Misfit(`must have at most ${mostEntries} fields`);
  return Object.fromEntries(entries.map(([name, volume]) => [name, words()(volume)]));
};

const service = object({ service: words(), image: words() });
const origin = {
  source: words(),
  backupID: optional(words()),
  requestUID: optional(words()),
  dataSets: optional(list(words(), { most: mostEntries })),
  state: optional(oneOf(['Incomplete'])),
  time,
};

const fields = {
  owner: object({ clusterID: words(), namespace: words(), name: words(), uid: words() }),
  epoch: integer(0, largestEpoch),
  machineID: words(),
  setupDigest: optional(words()),
  applied: optional(
    object({
      digest: words(),
      version: words(),
      series: optional(words()),
      time,
      composeVersion: words(),
      services: list(object({ service: words(), configHash: words(), imageID: words() }), {
        most: mostEntries,
      }),
    }),
  ),
  update: optional(
    object({ from: words(), to: words(), updater: optional(service), database: optional(service), time }),
  ),
  data: optional(object(origin)),
  volumes: optional(volumes),
  previous: optional(
    object({
      data: optional(object(origin)),
      volumes,
      version: optional(words()),
      switchTime: time,
      untilTime: time,
      bytes: optional(integer()),
      measured: optional(isTrue),
    }),
  ),
  refused: optional(object({ requestUID: words(), reason: words(), message: words(longestWords), time })),
  carriedOut: optional(
    list(object({ id: words(), name: words(), requestUID: words(), backupID: optional(words()), time }), {
      most: mostEntries,
    }),
  ),
  moved: optional(object({ address: words(), time })),
  change: optional(object({ number: integer(1, largestEpoch), time })),
};

function isTrue(value: unknown): true {
  if (!boolean(value)) throw new Misfit('must be true');
  return true;
}

/** Of the format versions that this operator reads; the rest of the document. */
export const hostState: Schema<Omit<HostState, 'formatVersion'>> = object(fields);
