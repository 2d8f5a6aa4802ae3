/**
 * Checks blob names. They end up in URLs, where `..` would lead out of the prefix, so only plain paths pass.
 */

/** @throws {RangeError} unless the name is made of `/`-separated segments of ordinary characters. */
export function checkBlobName(name: string): string {
  const segments = name.split('/');
  const plain = segments.every(
    (segment) =>
      segment !== '' && segment !== '.' && segment !== '..' && /^[A-Za-z0-9._=@+-]+$/.test(segment),
  );
  if (!plain || name.length > 512)
    throw new RangeError(`${JSON.stringify(name.slice(0, 80))} is not a blob name`);
  return name;
}

/** As {@link checkBlobName}, but it may be empty, and it may end anywhere: `a/`, `a/b`. */
export function checkListPrefix(prefix: string): string {
  const path = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  if (prefix !== '') checkBlobName(path);
  return prefix;
}
