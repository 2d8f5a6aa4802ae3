/**
 * Text from outside, such as messages of hosts and names of images. Markup needs no care here, because the page never makes
 * elements from text. Control characters do: they are invisible, paint a terminal after copying, or turn the direction of
 * what follows, so each of them (`base/printable.ts`) is shown as a sign.
 */
import { harmful } from '../../../base/printable.ts';

/** The same as JSON writes them: escaped below U+0020, as they are above. Other texts need no second look. */
const suspicious = new RegExp(String.raw`\\u|\\[bfr]|${harmful.source}`, 'u');

/** `\u001b` becomes `␛`, and what turns the direction of text `�`. Line ends stay. */
export function visible(text: string): string {
  return text.replaceAll(harmful, (sign) => {
    if (sign === '\n') return sign;
    const code = sign.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? '\u2421' : '\ufffd';
  });
}

/** Reads what the server sent, with every text in it made visible. */
export function parseVisible<T>(json: string): T {
  if (!suspicious.test(json)) return JSON.parse(json) as T;
  return JSON.parse(json, (_, value: unknown) => (typeof value === 'string' ? visible(value) : value)) as T;
}
