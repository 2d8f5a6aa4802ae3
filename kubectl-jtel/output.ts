/** Prints objects for programs. */
import { escaped } from '../base/printable.ts';
import type { Kit } from './kit.ts';

/** Prints the object without managedFields, which nobody reads. */
export async function printObject(
  kit: Pick<Kit, 'surroundings'>,
  object: unknown,
  form: 'json' | 'yaml',
): Promise<void> {
  const shown = withoutManagedFields(object);
  if (form === 'json') {
    kit.surroundings.print(escapedLines(JSON.stringify(shown, undefined, 2)));
    return;
  }
  const { stringify } = await import('yaml');
  const text = stringify(shown, { lineWidth: 0 }).trimEnd();
  // Only double quotes can hold escapes.
  kit.surroundings.print(
    escapedLines(text) === text
      ? text
      : escapedLines(stringify(shown, { lineWidth: 0, defaultStringType: 'QUOTE_DOUBLE' }).trimEnd()),
  );
}

/** Programs read the same as before, and a terminal obeys none of it. */
function escapedLines(text: string): string {
  return text.split('\n').map(escaped).join('\n');
}

function withoutManagedFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutManagedFields);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([name]) => name !== 'managedFields');
  return Object.fromEntries(
    entries.map(([name, inner]) => [
      name,
      name === 'metadata' || name === 'items' ? withoutManagedFields(inner) : inner,
    ]),
  );
}

/** As `kubectl get` prints several objects. */
export function listOf(items: readonly unknown[]): object {
  return { apiVersion: 'v1', kind: 'List', items };
}
