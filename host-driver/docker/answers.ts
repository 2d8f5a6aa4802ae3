/**
 * What Docker's answers must look like before they are used. Docker runs on a host that somebody may have
 * broken into, and its client takes whatever is JSON. Fields that are not read are not looked at. Pure.
 */
import {
  boolean,
  finite,
  list,
  Misfit,
  object,
  optional,
  read,
  type Schema,
} from '../../backup-format/schema.ts';

const most = 10_000;
/** Each has an entry for IPv4 and one for IPv6; the whole answer is bounded, too. */
const mostPorts = 2 * 65_535;

const word: Schema<string> = (value) => {
  if (typeof value !== 'string') throw new Misfit('must be a text');
  return value;
};

const words: Schema<Readonly<Record<string, string>>> = (value) => {
  if (
    typeof value !== 'object' ||
    value === null ||
    !Object.values(value).every((one) => typeof one === 'string')
  )
    throw new Misfit('must be an object of texts');
  return value as Readonly<Record<string, string>>;
};

/** Docker's lists are null when they are empty and Go made no list. */
function orNull<T>(schema: Schema<T>): Schema<T | null> {
  return (value) => (value === null ? null : schema(value));
}

const containerList = list(
  object({
    Id: word,
    Names: orNull(list(word, { most })),
    Labels: words,
    State: word,
    Status: word,
    Image: optional(word),
    ImageID: optional(word),
    Created: optional(finite),
    Mounts: optional(list(object({ Type: word, Name: optional(word) }), { most })),
    Ports: optional(
      orNull(list(object({ PublicPort: optional(finite), Type: optional(word) }), { most: mostPorts })),
    ),
  }),
  { most },
);
const health = object({
  Status: word,
  Log: optional(orNull(list(object({ Output: optional(word) }), { most }))),
});
const containerDetails = object({
  Name: word,
  RestartCount: optional(finite),
  Config: object({ Image: word, Labels: words, User: optional(word) }),
  State: object({
    Status: word,
    StartedAt: word,
    FinishedAt: word,
    Running: optional(boolean),
    ExitCode: optional(finite),
    OOMKilled: optional(boolean),
    Health: optional(orNull(health)),
  }),
});
const volumeList = object({
  Volumes: list(object({ Name: word, Options: optional(orNull(words)) }), { most }),
});
const networkList = list(
  object({
    Name: word,
    IPAM: optional(
      orNull(object({ Config: optional(orNull(list(object({ Subnet: optional(word) }), { most }))) })),
    ),
  }),
  { most },
);

/** By what was asked for. What is in no row is not read, or is a stream. */
const shapes: readonly { readonly path: RegExp; readonly shape: Schema<unknown>; readonly what: string }[] = [
  { path: /^\/containers\/json/, shape: containerList, what: 'the containers' },
  { path: /^\/containers\/[^/]+\/json/, shape: containerDetails, what: 'a container' },
  { path: /^\/volumes\?/, shape: volumeList, what: 'the volumes' },
  { path: /^\/volumes\/[^/]+$/, shape: object({ Labels: orNull(words) }), what: 'a volume' },
  {
    path: /^\/images\/json/,
    shape: list(object({ RepoDigests: optional(orNull(list(word, { most }))) }), { most }),
    what: 'the images',
  },
  { path: /^\/networks/, shape: networkList, what: 'the networks' },
  { path: /^\/version/, shape: object({ Version: word, ApiVersion: word }), what: 'the version' },
];

/**
 * @param path of the GET that this answers
 * @returns the answer itself
 * @throws FormatError when it is something else
 */
export function shaped(path: string, answer: unknown): unknown {
  const wanted = shapes.find((one) => one.path.test(path));
  if (wanted !== undefined) read(wanted.shape, answer, wanted.what);
  return answer;
}

/** A line of a pull. */
export const pullEvent = object({
  id: optional(word),
  status: optional(word),
  error: optional(word),
  progressDetail: optional(orNull(object({ current: optional(finite), total: optional(finite) }))),
});
/** A line of the events. */
export const containerEvent = object({
  Action: optional(word),
  time: optional(finite),
  Actor: optional(orNull(object({ Attributes: optional(orNull(words)) }))),
});
