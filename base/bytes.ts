/** Numbers of bytes for people. */

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `1234567` → `1.2 MiB` */
export function formatBytes(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${power === 0 ? bytes : (bytes / 1024 ** power).toFixed(1)} ${units[power]}`;
}
