/** Blob names end up in URLs, where `..` would climb out of the prefix: what is not plainly a path is refused. */

/** @throws {RangeError} for anything but relative `/`-separated segments of ordinary characters. */
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

/** As {@link checkBlobName}, but may be empty, and may end anywhere: `a/`, `a/b`. */
export function checkListPrefix(prefix: string): string {
  const path = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  if (prefix !== '') checkBlobName(path);
  return prefix;
}
