/** Reads a published manifest, which anybody may have written. */
import type { Release } from './generated/release.ts';
import { ReleaseInvalidError } from './release-invalid-error.ts';
import { validateRelease } from './validate.ts';

/** @throws {ReleaseInvalidError} unless this is a valid published manifest. */
export function parseManifest(bytes: Buffer, what: string): Release {
  let document: unknown;
  try {
    document = JSON.parse(bytes.toString());
  } catch {
    throw new ReleaseInvalidError(what, ['it is not JSON']);
  }
  return validateRelease(document, 'Published', what);
}
