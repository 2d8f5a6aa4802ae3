/** Manifests that are not applied yet: their objects, with the defaults that the API server would fill in. */
import { Ajv, type ValidateFunction } from 'ajv';
import { parseAllDocuments } from 'yaml';
import { readCRDs, schemaOf } from '../crds/crd.ts';
import type { KubernetesObject } from '../runtime/objects.ts';
import { UsageError } from '../command-line/terminal.ts';

/** A part of a manifest. Nothing of it was checked. */
export interface ManifestObject extends KubernetesObject {
  readonly spec?: unknown;
}

/** @throws {UsageError} if it is not YAML */
export function objectsOf(text: string, file: string): readonly ManifestObject[] {
  const documents = parseAllDocuments(text);
  const broken = documents.find((document) => document.errors.length > 0);
  if (broken !== undefined) throw new UsageError(`${file} is not YAML: ${broken.errors[0]?.message ?? ''}`);
  return documents
    .map((document): unknown => document.toJS())
    .filter((object): object is ManifestObject => typeof object === 'object' && object !== null);
}

/**
 * Fills in the defaults of the kind's schema, in place, and compares.
 * @returns what the schema says against it; undefined if nothing. The rules between fields are not checked: only the API server can.
 */
export function fillDefaults(kind: 'JtelStack' | 'JtelBackupStore', spec: unknown): string | undefined {
  const fits = (compiled[kind] ??= compile(kind));
  return fits(spec) ? undefined : new Ajv().errorsText(fits.errors, { dataVar: 'spec' });
}

/** Compiling takes half a second. */
const compiled: Partial<Record<string, ValidateFunction>> = {};

function compile(kind: string): ValidateFunction {
  const crd = readCRDs().find(({ spec: of }) => of.names.kind === kind);
  const schema = crd === undefined ? undefined : schemaOf(crd).properties?.['spec'];
  if (schema === undefined) throw new Error(`crds/ has no schema of ${kind}`);
  return new Ajv({ strict: false, allErrors: true, useDefaults: true, validateFormats: false }).compile(
    schema,
  );
}
