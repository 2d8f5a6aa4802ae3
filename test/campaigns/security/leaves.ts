/**
 * Every string leaf of the spec of every kind, with content that a shell, YAML, SQL, a file system or a terminal would
 * understand. The API server refuses it, or the leaf is in a list that says why it does no harm.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { repositoryDirectory } from '../../../kit/paths.ts';
import type { CampaignCase } from '../campaign.ts';
import { check } from '../oracles.ts';

interface Schema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string }[];
}

const kinds = ['jtelstack', 'jtelbackup', 'jtelrestore', 'jtelbackupstore'] as const;

const hostileTexts: Readonly<Record<string, string>> = {
  shell: '$(id)`id`|;#',
  YAML: '\'"}: &a *a',
  SQL: "'; DROP",
  path: '../../../etc/x',
  terminal: '\u001B[2J\u0007',
  option: '-rf',
  lines: 'a\n---\nb',
};

/** Leaves that take some of it, and why it does no harm. */
const free: Readonly<Record<string, { readonly takes: readonly string[]; readonly because: string }>> = {
  'JtelStack.spec.components[].env[].value': {
    takes: ['shell', 'YAML', 'SQL', 'path', 'option'],
    because: 'campaign specification changes it and finds it on the host as it is',
  },
  ...Object.fromEntries(
    ['JtelStack.spec', 'JtelBackup.spec.test', 'JtelRestore.spec.test'].map((place) => [
      `${place}.host.proxy.noProxy[]`,
      { takes: ['path', 'option'], because: 'it becomes a part of the value of NO_PROXY, never an argument' },
    ]),
  ),
  'JtelRestore.spec.confirmReplace': {
    takes: Object.keys(hostileTexts),
    because: 'it is only compared with the name of the stack',
  },
};

export function leafCases(): readonly CampaignCase[] {
  const leaves = kinds.flatMap(stringLeaves);
  return [
    ...leaves.map(([path, schema]) => ({
      name: `${path}: hostile text`,
      run: () => {
        const taken = Object.keys(hostileTexts).filter((what) => accepts(schema, hostileTexts[what] ?? ''));
        const expected = free[path]?.takes ?? [];
        check(
          taken.join() === expected.join(),
          `takes ${taken.join(', ') || 'nothing'}; expected: ${expected.join(', ') || 'nothing'}`,
        );
      },
    })),
    {
      name: 'no leaf is listed that is gone',
      run: () => {
        const known = new Set(leaves.map(([path]) => path));
        const gone = Object.keys(free).filter((path) => !known.has(path));
        check(gone.length === 0 && leaves.length > 50, `gone: ${gone.join(', ')}; ${leaves.length} leaves`);
      },
    },
  ];
}

function stringLeaves(kind: (typeof kinds)[number]): readonly (readonly [path: string, Schema])[] {
  const { spec } = parse(readFileSync(join(repositoryDirectory, 'crds', `${kind}.yaml`), 'utf8')) as {
    readonly spec: {
      readonly names: { readonly kind: string };
      readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[];
    };
  };
  const schema = spec.versions[0]?.schema.openAPIV3Schema.properties?.['spec'];
  return schema === undefined ? [] : leavesBelow(schema, `${spec.names.kind}.spec`);
}

function leavesBelow(schema: Schema, path: string): readonly (readonly [string, Schema])[] {
  const { properties, items, additionalProperties } = schema;
  if (properties !== undefined)
    return Object.entries(properties).flatMap(([key, child]) => leavesBelow(child, `${path}.${key}`));
  if (items !== undefined) return leavesBelow(items, `${path}[]`);
  if (additionalProperties !== undefined) return leavesBelow(additionalProperties, `${path}{}`);
  return schema.type === 'string' && schema.enum === undefined ? [[path, schema]] : [];
}

/** As far as the API server would decide by the length, the pattern and the rules of this leaf alone. */
function accepts(schema: Schema, text: string): boolean {
  if (schema.format !== undefined || text.length > (schema.maxLength ?? Infinity)) return false;
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(text)) return false;
  return (schema['x-kubernetes-validations'] ?? []).every(({ rule }) => allows(rule, text));
}

/** None of the texts is an address or a network, so only expressions can take one. */
function allows(rule: string, text: string): boolean {
  const expressions = [...rule.matchAll(/self\.matches\('((?:[^'\\]|\\.)*)'\)/g)];
  if (expressions.length === 0) return !/\bis(?:IP|CIDR)\(self\)/.test(rule);
  // In a literal of CEL, a backslash escapes.
  return expressions.some(([, expression = '']) =>
    new RegExp(expression.replaceAll(/\\(.)/g, '$1')).test(text),
  );
}
