/**
 * How the operator uses a share that only the host can reach: it asks, and a job on the host answers. The same
 * access lets jobs write their packs there and read them.
 */
import {
  boolean,
  integer,
  list,
  object,
  oneBy,
  oneOf,
  optional,
  patterns,
  text,
  type Of,
} from '../backup-format/schema.ts';
import { path, url } from './values.ts';

const segment = '[A-Za-z0-9][A-Za-z0-9._-]*';

/** Where a share is, as a job on the host sees it. Holds a password: goes only into job input. */
export const shareAccess = oneBy('kind', {
  /** The host has mounted it; the job has it at this path. */
  Path: object({ kind: oneOf(['Path']), path }),
  SMB: object({
    kind: oneOf(['SMB']),
    server: text(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/),
    share: text(/^[A-Za-z0-9_][A-Za-z0-9_.$-]{0,79}$/),
    /** Folder of the store in it; absent: the share itself. */
    folder: optional(text(new RegExp(`^${segment}(/${segment})*$`), 512)),
    username: text(patterns.text, 256),
    // oxlint-disable-next-line no-control-regex -- control characters are what is refused
    password: text(/^[^\u0000-\u001F]+$/, 256),
    /** Of the user; absent: the server decides. */
    domain: optional(text(/^[A-Za-z0-9][A-Za-z0-9.-]{0,254}$/)),
  }),
});
export type ShareAccess = Of<typeof shareAccess>;

/** What is sent in one piece between operator and host. */
export const longestShareContent = 16 * 1024 * 1024;
/** Files that are named in one answer. */
export const mostShareEntries = 20_000;

/** Not `.` or `..`, which lead out of the store's folder. */
const part = '(?!\\.{1,2}(?:/|$))[A-Za-z0-9._=@+-]+';
export const plainNamePattern = new RegExp(`^${part}(?:/${part})*$`);
const plainName = text(plainNamePattern, 512);
const base64 = text(/^[A-Za-z0-9+/]*={0,2}$/, Math.ceil(longestShareContent / 3) * 4);
const md5 = text(/^[0-9a-f]{32}$/);

export const shareQuestion = oneBy('type', {
  /** Never over another file. */
  Create: object({ type: oneOf(['Create']), name: plainName, content: base64 }),
  Read: object({
    type: oneOf(['Read']),
    name: plainName,
    offset: integer(),
    most: integer(0, longestShareContent),
  }),
  /** Reads the whole file for its MD5. */
  Look: object({ type: oneOf(['Look']), name: plainName }),
  /** Sorted by name, those after `after`. */
  List: object({
    type: oneOf(['List']),
    prefix: text(new RegExp(`^(?:${part}/)*(?:${part})?$`), 512),
    after: text(/^[A-Za-z0-9._=@+/-]*$/, 512),
    most: integer(1, mostShareEntries),
  }),
  /** Tries to rename the file and, when that is refused, to remove it. What was allowed is undone. */
  Destroy: object({ type: oneOf(['Destroy']), name: plainName }),
  /** From a signed URL. Never over another file. */
  Copy: object({ type: oneOf(['Copy']), name: plainName, url, bytes: integer(), md5 }),
});
export type ShareQuestion = Of<typeof shareQuestion>;

const foundFile = { bytes: integer(), createdTime: text(patterns.time) };
const attempt = oneOf(['Refused', 'Allowed', 'NotTried']);

/** Those of the store's port that a share can have. */
const shareErrorReason = oneOf([
  'StoreUnreachable',
  'StoreCredentialsRefused',
  'ContainerNotFound',
  'BlobNotFound',
  'BlobExists',
  'DigestMismatch',
]);
export type ShareErrorReason = Of<typeof shareErrorReason>;

export const shareAnswer = oneBy('type', {
  Created: object({ type: oneOf(['Created']), existed: boolean }),
  Content: object({ type: oneOf(['Content']), content: base64, bytes: integer() }),
  Found: object({ type: oneOf(['Found']), file: optional(object({ ...foundFile, md5 })) }),
  Listed: object({
    type: oneOf(['Listed']),
    files: list(object({ name: plainName, ...foundFile }), { most: mostShareEntries }),
    isWhole: boolean,
  }),
  Tried: object({ type: oneOf(['Tried']), rename: attempt, remove: attempt, ageSeconds: integer() }),
  Failed: object({ type: oneOf(['Failed']), reason: shareErrorReason, message: text(/^/, 4096) }),
});
export type ShareAnswer = Of<typeof shareAnswer>;
