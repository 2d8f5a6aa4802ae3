/** Values that the inputs of several jobs share. */
import { integer, list, object, optional, patterns, text, type Of } from '../backup-format/schema.ts';

/**
 * Name of the database's data set. File trees have the names of the release manifest, which cannot use this
 * one.
 */
export const databaseSetName = 'database';

/** Absolute; no segment begins with a dot or a dash. */
export const path = text(/^(\/[A-Za-z0-9_][A-Za-z0-9._-]*)+$/);

/** In a container of a stack, as release manifests have them. */
export const keyPaths = list(text(/^(\/[A-Za-z0-9._@+-]+)+$/), { most: 1000 });

/** A signed URL, which is a secret, or `share://store/<name>` for a job that has the share's access. */
export const blobUrl = text(/^(https?|share):\/\/[^\s]+$/, 4096);

/** A signed URL: a secret. */
export const url = text(/^https?:\/\/[^\s]+$/, 4096);

/** Names a load. A new try has the same name and continues on what it wrote itself, and only on that. */
export const loadID = text(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/);

/**
 * The release asks for TLS with a checked certificate. Without it jobs connect as clients of the server's
 * series do.
 */
export const databaseTLS = object({
  /** PEM. Without it the password proves the certificate; servers can do that since MariaDB 11.4. */
  certificateAuthority: optional(text(/^-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s-]*$/, 256 * 1024)),
});
export type DatabaseTLS = Of<typeof databaseTLS>;

/** How a job reaches a running database. */
export const databaseFields = {
  host: text(/^[A-Za-z0-9][A-Za-z0-9.:-]{0,252}$/),
  port: integer(1, 65_535),
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  rootPassword: text(/^[^\u0000-\u001F]+$/),
  /** Schemas that belong to the stack. */
  schemas: list(text(/^[A-Za-z0-9_]{1,64}$/), { most: 64 }),
  tls: optional(databaseTLS),
};
export const databaseAccess = object(databaseFields);
export type DatabaseAccess = Of<typeof databaseAccess>;

const id = integer(0, 65_534);
/** Applies to everything that is written. */
export const ownerFields = { uid: id, gid: id };

/** A file tree to write, and where it is mounted. */
export const targetTree = object({ name: text(patterns.setName), path, ...ownerFields });
export type TargetTree = Of<typeof targetTree>;

/** A file tree to read, and where it is mounted. */
export const sourceTree = object({
  name: text(patterns.setName),
  path,
  /** Globs relative to the tree, e.g. `recordings/**`: `*` within a segment, `**` any number of segments, `?` one character. */
  excludes: list(text(), { most: 1000 }),
});

export const mostTrees = 100;

export const encryptionKey = object({
  keyID: text(patterns.text, 253),
  /** 32 bytes in base64: a secret. */
  key: text(/^[A-Za-z0-9+/]{43}=$/),
});
export type EncryptionKey = Of<typeof encryptionKey>;
