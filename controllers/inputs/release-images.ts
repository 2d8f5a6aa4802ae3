/** Images of a release for jobs beside the stack. Each has a digest: a tag may mean another image by now. */
import type { ImageReference } from '../../host-driver/host.ts';
import type { Release } from '../../release/generated/release.ts';
import { InputError } from './input-error.ts';

/**
 * The database's image, as the release pulls it: backups are made, and their files prepared, by its tools.
 *
 * @throws {InputError} `ReleaseInvalid` when the release does not pin it
 */
export function databaseImage(release: Release): ImageReference {
  return componentImage(release, release.database.component);
}

/** @throws {InputError} `ReleaseInvalid` when the release has no such component, or does not pin its image */
export function componentImage(release: Release, component: string): ImageReference {
  const image = release.components.find(({ name }) => name === component)?.image;
  if (image?.digest === undefined)
    throw new InputError(
      'ReleaseInvalid',
      `Release ${release.version} does not pin the image of ${component}: publish it again.`,
    );
  return { repository: `${release.registry}/${image.repository}`, tag: image.tag, digest: image.digest };
}
