/**
 * Hides secrets before anything is written down: the values of Secrets that the caller may read, wherever
 * they appear, and whatever the name of a field or the form of a text gives away as a secret.
 */
import type { SecretRegistry } from '../../runtime/report/secret-registry.ts';

const mask = '[redacted]';

/** Ends of the names of fields, variables and settings whose values are nobody's business. */
const secretName =
  '(?:password|passwd|pwd|passphrase|secret|token|sas|api[_-]?key|account[_-]?key|private[_-]?key|access[_-]?key)';
const hasSecretName = new RegExp(`(?:${secretName}|credentials?)$`, 'i');

/**
 * The forms in which secrets stand in logs; the first group stays. None looks back and forth: logs may be
 * long, and hostile.
 */
const forms: readonly RegExp[] = [
  // name=value, "name": "value"
  new RegExp(
    `(${secretName}["']?[ \\t]*[:=][ \\t]*)("(?:[^"\\\\\\n]|\\\\.)+"|'[^'\\n]+'|[^\\s"',;&{}[\\]]+)`,
    'gi',
  ),
  // --name value
  new RegExp(`(--[\\w-]{0,64}?${secretName} )(\\S+)`, 'gi'),
  // The signature of a shared access signature.
  /([?&;]sig=)([^&\s"'<>]+)/gi,
  /(authorization["']?[ \t]*[:=][ \t]*["']?(?:basic|bearer|sharedkey) )([^\s"',]+)/gi,
  /(bearer )([\w.~+/=-]{16,})/gi,
  // user:password@ in an address
  /(:\/\/[^\s/:@"']{0,256}:)([^\s/@"']{1,1024})(?=@)/gi,
  /(identified by )("[^"\n]*"|'[^'\n]*')/gi,
];

const privateKey =
  /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g;

/** Masks a text: a log, an answer, a message. */
export function maskText(text: string, secrets: SecretRegistry): string {
  return forms.reduce(
    (result, form) => result.replaceAll(form, (_, before: string) => `${before}${mask}`),
    secrets.redact(text).replaceAll(privateKey, mask),
  );
}

/** Masks an object by the names of its fields, and each of its texts. Names of Secrets stay. */
export function maskObject(value: unknown, secrets: SecretRegistry): unknown {
  if (typeof value === 'string') return maskText(value, secrets);
  if (Array.isArray(value)) return value.map((one) => maskObject(one, secrets));
  if (typeof value !== 'object' || value === null) return value;
  // An environment variable is a pair of name and value.
  const isSecretPair = 'name' in value && typeof value.name === 'string' && hasSecretName.test(value.name);
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      typeof inner === 'string' &&
      inner !== '' &&
      (hasSecretName.test(name) || (isSecretPair && name === 'value'))
        ? mask
        : maskObject(inner, secrets),
    ]),
  );
}
