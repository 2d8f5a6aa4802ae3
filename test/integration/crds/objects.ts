/** Good objects of each kind to start from, and ways to spoil them. */
import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';

export type Json = { [key: string]: Json | undefined } | Json[] | string | number | boolean | null;

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** All objects of a file below `examples/`. */
export function exampleManifests(file: string): Manifest[] {
  const text = readFileSync(new URL(`../../../examples/${file}`, import.meta.url), 'utf8');
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

function fromFullExample(kind: string): Manifest {
  const manifest = exampleManifests('full-stack.yaml').findLast((candidate) => candidate.kind === kind);
  if (manifest === undefined) throw new Error(`examples/full-stack.yaml has no ${kind}`);
  return manifest;
}

const apiVersion = 'jtel.de/v1alpha1';

/** One good object of each kind. It has every field that a rule looks at. */
export const goodObjects: Readonly<
  Record<
    'JtelStack' | 'JtelBackup' | 'JtelRestore' | 'JtelBackupStore' | 'JtelChannel' | 'JtelDrill',
    Manifest
  >
> = {
  JtelStack: fromFullExample('JtelStack'),
  JtelBackupStore: fromFullExample('JtelBackupStore'),
  JtelChannel: {
    apiVersion,
    kind: 'JtelChannel',
    metadata: { name: 'stable' },
    spec: {
      version: '3.43.2',
      waves: [
        { name: 'pilot', selector: { labels: [{ name: 'tier', value: 'pilot' }] } },
        { name: 'rest', percent: 100 },
      ],
    },
  },
  JtelDrill: {
    apiVersion,
    kind: 'JtelDrill',
    metadata: { name: 'nightly' },
    spec: {
      secretNamespace: 'jtel-drills',
      hosts: [
        {
          name: 'drill-1',
          // All fields that a host of a stack has.
          host: (fromFullExample('JtelStack')['spec'] as { host: object }).host,
        },
      ],
      selector: { labels: [{ name: 'drill', value: 'nightly' }] },
    },
  },
  JtelBackup: {
    apiVersion,
    kind: 'JtelBackup',
    metadata: { name: 'acme-now' },
    spec: { stackRef: { name: 'acme' }, storeRef: { name: 'acme-backups' } },
  },
  JtelRestore: {
    apiVersion,
    kind: 'JtelRestore',
    metadata: { name: 'acme-back' },
    spec: {
      stackRef: { name: 'acme' },
      source: { backupID: '20261122T010000Z-5f3a9c', storeRef: { name: 'acme-backups' } },
      ifNotEmpty: 'Replace',
      confirmReplace: 'acme',
    },
  },
};

/** A copy with `value` at a path such as `spec.components[1].name`. `undefined` removes what is there. */
export function withValue(object: Manifest, path: string, value: unknown): Manifest {
  const copy = structuredClone(object);
  const steps = path.split(/[.[\]]+/).filter((step) => step !== '');
  const last = steps.pop();
  if (last === undefined) throw new Error('an empty path');
  let parent: Record<string, unknown> = copy as Record<string, unknown>;
  for (const step of steps) {
    parent[step] ??= {};
    parent = parent[step] as Record<string, unknown>;
  }
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}
