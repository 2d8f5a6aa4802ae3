/**
 * Turns a parsed document (YAML or JSON, from anybody) into a {@link Release} or into sentences that say what
 * is wrong with it. A manifest decides what runs as root on customers' hosts. So unknown fields, paths that
 * lead out, and references to nothing are refused, both when it is published and when it is read back.
 */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { crossCheck } from './cross-checks.ts';
import type { Release } from './generated/release.ts';
import { ReleaseInvalidError } from './release-invalid-error.ts';
import schema from './generated/schema.json' with { type: 'json' };

/** `Draft`: as people write it. `Published`: with digests and sizes, as the operator reads it. */
export type ReleaseForm = 'Draft' | 'Published';

let compiled: ValidateFunction<Release> | undefined;

/**
 * Compiled for the first manifest and then kept. An operator without stacks does not need to spend the time
 * and memory.
 */
function schemaCheck(): ValidateFunction<Release> {
  return (compiled ??= new Ajv({
    allErrors: true,
    verbose: true,
    strict: true,
    strictRequired: false,
  }).compile<Release>(schema));
}

/**
 * @throws {ReleaseInvalidError} with every problem that was found. `what` names the document in the message.
 */
export function validateRelease(document: unknown, form: ReleaseForm, what = 'the document'): Release {
  const version = (document as { readonly formatVersion?: unknown } | null)?.formatVersion;
  if (typeof version === 'number' && ![1, 2, 3].includes(version)) {
    throw new ReleaseInvalidError(what, [
      `formatVersion is ${version}; this program knows only 1, 2 and 3: use a newer jtel-operator`,
    ]);
  }
  const matchesSchema = schemaCheck();
  if (!matchesSchema(document)) {
    throw new ReleaseInvalidError(what, [
      ...new Set((matchesSchema.errors ?? []).map((error) => explain(error, document))),
    ]);
  }
  const problems = crossCheck(document, form);
  if (problems.length > 0) throw new ReleaseInvalidError(what, problems);
  return document;
}

function explain(error: ErrorObject, document: unknown): string {
  const place = readablePlace(error.instancePath, document);
  const at = place === '' ? '' : `${place}: `;
  const parameters = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'additionalProperties':
      return `${at}unknown field ${shown(parameters['additionalProperty'])}`;
    case 'required':
      return `${at}field ${shown(parameters['missingProperty'])} is missing`;
    case 'enum':
      return `${at}${shown(error.data)} is not one of ${(parameters['allowedValues'] as unknown[]).join(', ')}`;
    case 'const':
      return `${at}must be ${shown(parameters['allowedValue'])}`;
    case 'pattern': {
      const meaning = (error.parentSchema as { readonly description?: string } | undefined)?.description;
      return `${at}${shown(error.data)} is not allowed here: ${meaning ?? `must match ${String(parameters['pattern'])}`}`;
    }
    default:
      return `${at}${error.message ?? error.keyword}`;
  }
}

/** `/components/3/publish/0` → `components[3] (acd-web).publish[0]`. */
function readablePlace(pointer: string, document: unknown): string {
  let place = '';
  let value: unknown = document;
  for (const escaped of pointer.split('/').slice(1)) {
    const key = escaped.replaceAll('~1', '/').replaceAll('~0', '~');
    const inList = Array.isArray(value);
    value = (value as Record<string, unknown> | undefined)?.[key];
    if (!inList) {
      place += place === '' ? key : `.${key}`;
      continue;
    }
    const name = (value as { readonly name?: unknown } | null)?.name;
    place += typeof name === 'string' ? `[${key}] (${name.slice(0, 40)})` : `[${key}]`;
  }
  return place;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
