/**
 * Makes what we write into objects of the API fit for people: `kubectl` prints it on their terminals, and whoever
 * may read the object reads it. Secrets of the namespace are masked, and nothing in it moves a cursor.
 */
import { tame } from '../../base/printable.ts';

/** Shorter than every secret that is masked, so a text never outgrows the limit that it was cut to. */
const shortMask = '[…]';

/**
 * @param redact masks secrets in a text.
 * @returns the same value. In free texts (`message`, and whatever is more than one word) secrets are masked;
 * names, ids and enums stay, because programs read them back. In all texts controls are replaced. No text
 * becomes longer.
 */
export function presentable<T>(value: T, redact: (text: string) => string): T {
  return shown(value, '', redact) as T;
}

function shown(value: unknown, name: string, redact: (text: string) => string): unknown {
  if (typeof value === 'string') {
    const isFree = name === 'message' || /\s/.test(value);
    return tame((isFree ? within(value, redact(value)) : value).replaceAll(/[\t\n\r]/g, ' '));
  }
  if (Array.isArray(value)) return value.map((item) => shown(item, name, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, shown(child, key, redact)]));
}

function within(text: string, masked: string): string {
  return masked.length <= text.length ? masked : masked.replaceAll('[redacted]', shortMask);
}
