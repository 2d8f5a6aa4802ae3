/**
 * Text from outside, such as messages of hosts and names of images. Markup needs no care here, because the page never makes
 * elements from text. Control characters do: they are invisible, paint a terminal after copying, or turn the direction of
 * what follows, so each is shown as a sign.
 */

// oxlint-disable-next-line no-control-regex -- they are what is looked for
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
/** The same as JSON writes them: escaped below U+0020, as they are above. Other texts need no second look. */
const suspicious = /\\u|\\[bfr]|[\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/** `\u001b` becomes `␛`, and what turns the direction of text `�`. */
export function visible(text: string): string {
  return text.replaceAll(controls, (sign) => {
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
