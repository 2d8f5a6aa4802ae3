/**
 * A data set that cannot be read exactly. It is refused when a release is published, and again when it is
 * loaded.
 */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';

  /** @param message says what is wrong, as the end of a sentence about the data set. */
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
  }
}
