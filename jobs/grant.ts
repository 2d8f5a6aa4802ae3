/**
 * What a job on a host gets instead of a store's credentials. A store makes a grant, and the job that it is for
 * opens it. Everybody in between passes it on unopened, so a new kind of store changes nothing there.
 */
import { object, oneBy, oneOf, patterns, text, type Of } from '../backup-format/schema.ts';
import { shareAccess } from './share.ts';

/** `PUT <containerUrl>/<prefix><name>?<query>`. */
const signedURL = object({
  kind: oneOf(['SignedURL']),
  /** `https://account.blob.core.windows.net/container`, without query and trailing slash. */
  containerUrl: text(/^https?:\/\/[^\s?#]+[^\s?#/]$/),
  /** SAS without leading `?`, permission `c` only: a secret. */
  query: text(/^[^\s?#]+$/, 4096),
  /** The store's prefix; may be empty. The SAS itself is not limited to it. */
  prefix: text(/^([A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*)?\/?$/),
  /** When the SAS ends, RFC 3339. */
  expiresTime: text(patterns.time),
});
export type SignedURLGrant = Of<typeof signedURL>;

/** A share cannot give less than all that its user may do. */
const share = object({ kind: oneOf(['Share']), access: shareAccess });

/** The right to create blobs below the store's prefix. A secret: goes only into job input. */
export const createGrant = oneBy('kind', { SignedURL: signedURL, Share: share });
export type CreateGrant = Of<typeof createGrant>;
