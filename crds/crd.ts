/**
 * Reads the hand-written CRDs. The generator, the tests and every installation use this, so they agree on the
 * list of files and on the parts of their structure that matter.
 */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** The part of OpenAPI v3 that a structural schema may use and ours use. */
export interface Schema {
  title?: string;
  type?: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  format?: string;
  description?: string;
  default?: unknown;
  enum?: string[];
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  required?: string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-map-type'?: 'atomic' | 'granular';
  'x-kubernetes-validations'?: { rule: string; message: string }[];
}

export interface PrinterColumn {
  name: string;
  type: string;
  jsonPath: string;
  priority?: number;
  description?: string;
}

export interface CustomResourceDefinition {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  spec: {
    group: string;
    scope: string;
    names: {
      kind: string;
      listKind: string;
      plural: string;
      singular: string;
      shortNames: string[];
      categories: string[];
    };
    versions: {
      name: string;
      additionalPrinterColumns: PrinterColumn[];
      schema: { openAPIV3Schema: Schema };
    }[];
  };
}

/** Files of the CRDs in this folder, in the order in which users meet the kinds. */
export const crdFiles = [
  'jtelstack.yaml',
  'jtelbackup.yaml',
  'jtelrestore.yaml',
  'jtelbackupstore.yaml',
  'jtelchannel.yaml',
  'jteldrill.yaml',
] as const;

/** The names are literal, so that the bundler finds the files. @throws if a file is missing or is not YAML. */
export function readCRDs(): CustomResourceDefinition[] {
  const texts: Readonly<Record<(typeof crdFiles)[number], string>> = {
    'jtelstack.yaml': readFileSync(new URL('jtelstack.yaml', import.meta.url), 'utf8'),
    'jtelbackup.yaml': readFileSync(new URL('jtelbackup.yaml', import.meta.url), 'utf8'),
    'jtelrestore.yaml': readFileSync(new URL('jtelrestore.yaml', import.meta.url), 'utf8'),
    'jtelbackupstore.yaml': readFileSync(new URL('jtelbackupstore.yaml', import.meta.url), 'utf8'),
    'jtelchannel.yaml': readFileSync(new URL('jtelchannel.yaml', import.meta.url), 'utf8'),
    'jteldrill.yaml': readFileSync(new URL('jteldrill.yaml', import.meta.url), 'utf8'),
  };
  return crdFiles.map((file) => parse(texts[file]) as CustomResourceDefinition);
}

/** The schema of the only version. */
export function schemaOf(crd: CustomResourceDefinition): Schema {
  const version = crd.spec.versions[0];
  if (version === undefined) throw new Error(`${crd.metadata.name} has no version; add one to its YAML file`);
  return version.schema.openAPIV3Schema;
}
