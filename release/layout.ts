/**
 * Where a release lies in a vendor store, relative to the store's prefix. `release.json` is written last, so
 * it is the commit.
 */

export const releasesFolder = 'releases/';

export function manifestPath(version: string): string {
  return releaseFilePath(version, 'release.json');
}

/** Base64 of an ed25519 signature over the bytes of the manifest. */
export function signaturePath(version: string): string {
  return releaseFilePath(version, 'release.json.sig');
}

/** `path` as the manifest names it. */
export function releaseFilePath(version: string, path: string): string {
  return `${releasesFolder}${version}/${path}`;
}

/** The version whose manifest this blob is. Undefined for any other blob. */
export function versionOfManifest(blobName: string): string | undefined {
  return /^releases\/([^/]+)\/release\.json$/.exec(blobName)?.[1];
}
