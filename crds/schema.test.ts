/** Rules that hold for every field, so a new one cannot forget them. */
import { describe, expect, test } from 'vitest';
import { readCRDs, schemaOf, type Schema } from './crd.ts';
import {
  annotations,
  backupKind,
  conditionMessageMaxLength,
  requestConditionTypes,
  restoreKind,
  stackConditionTypes,
  stackFinalizer,
  stackKind,
  statusMessageMaxLength,
  channelConditionTypes,
  drillConditionTypes,
  drillKind,
  channelKind,
  storeConditionTypes,
  storeKind,
} from './index.ts';

interface Field {
  readonly path: string;
  readonly schema: Schema;
}

function fieldsOf(schema: Schema, path: string): Field[] {
  return [
    { path, schema },
    ...Object.entries(schema.properties ?? {}).flatMap(([name, child]) => fieldsOf(child, `${path}.${name}`)),
    ...(schema.items === undefined ? [] : fieldsOf(schema.items, `${path}[]`)),
  ];
}

const crds = readCRDs();
const all = crds.flatMap((crd) => fieldsOf(schemaOf(crd), crd.spec.names.kind));
/** Kubernetes describes and checks `metadata` itself. */
const fields = all.filter(({ path }) => !path.endsWith('.metadata'));

/** Paths of the fields that break a rule. */
function breaking(rule: (schema: Schema) => boolean): string[] {
  return fields.filter(({ schema }) => !rule(schema)).map(({ path }) => path);
}

describe('every field', () => {
  test('is found', () => {
    expect(fields.length).toBeGreaterThan(200);
  });

  test('has a description that is a sentence', () => {
    expect(
      breaking(({ description }) => description !== undefined && /^[A-Z].*\.$/.test(description)),
    ).toEqual([]);
  });

  test('that is a string is bounded', () => {
    expect(
      breaking(
        (schema) => schema.type !== 'string' || schema.maxLength !== undefined || schema.enum !== undefined,
      ),
    ).toEqual([]);
  });

  test('that is a list is bounded, and says how it is merged', () => {
    expect(
      breaking(
        (schema) =>
          schema.type !== 'array' ||
          (schema.maxItems !== undefined && schema['x-kubernetes-list-type'] !== undefined),
      ),
    ).toEqual([]);
  });

  test('is neither a float nor an open map', () => {
    const known = new Set(['object', 'array', 'string', 'integer', 'boolean']);
    expect(
      breaking((schema) => schema['x-kubernetes-int-or-string'] === true || known.has(schema.type ?? '')),
    ).toEqual([]);
    expect(breaking((schema) => schema.type !== 'object' || schema.properties !== undefined)).toEqual([]);
  });

  test('that is a boolean is called suspend, and of a channel paused, as people know it of a Deployment', () => {
    expect(fields.filter(({ schema }) => schema.type === 'boolean').map(({ path }) => path)).toEqual([
      'JtelStack.spec.suspend',
      'JtelChannel.spec.paused',
    ]);
  });

  test('that users write and whose pattern they could fail has a rule in words instead', () => {
    const cryptic = fields.filter(
      ({ path, schema }) => path.includes('.spec') && schema.pattern !== undefined,
    );
    expect(cryptic.map(({ path }) => path)).toEqual([]);
  });

  test('that users write as free text is checked for characters that reach shells and files', () => {
    const unchecked = fields.filter(
      ({ path, schema }) =>
        path.includes('.spec') &&
        schema.type === 'string' &&
        schema.enum === undefined &&
        schema['x-kubernetes-validations'] === undefined &&
        schema.format !== 'date-time',
    );
    // Times are checked by their format. A rule of the spec compares this one with the stack's name.
    expect(unchecked.map(({ path }) => path)).toEqual(['JtelRestore.spec.confirmReplace']);
  });
});

describe('every kind', () => {
  test.each(crds.map((crd) => ({ crd, kind: crd.spec.names.kind })))(
    '$kind is in a namespace unless it is for many of them, in category jtel, and its columns name fields that exist',
    ({ crd }) => {
      expect(crd.spec).toMatchObject({
        group: 'jtel.de',
        scope: ['JtelChannel', 'JtelDrill'].includes(crd.spec.names.kind) ? 'Cluster' : 'Namespaced',
        names: { categories: ['jtel'] },
      });
      const paths = new Set(fieldsOf(schemaOf(crd), '').map(({ path }) => path));
      const unknown = (crd.spec.versions[0]?.additionalPrinterColumns ?? [])
        .map(({ jsonPath }) => jsonPath.replace(/\[\?\(@\.type=="[A-Za-z]+"\)\]/, '[]'))
        .filter((path) => !paths.has(path) && path !== '.metadata.creationTimestamp');
      expect(unknown).toEqual([]);
    },
  );

  test('has no rule at its root but one about its name, which nobody can change: it would lock objects that exist', () => {
    const rules = crds.flatMap((crd) =>
      (schemaOf(crd)['x-kubernetes-validations'] ?? []).map(({ rule }) => rule),
    );
    expect(
      rules.filter((rule) => !/^self\.metadata\.name\.[^&|]+ && self\.metadata\.name\.[^&|]+$/.test(rule)),
    ).toEqual([]);
  });

  test('is described to the runtime as its CRD has it', () => {
    const described = [stackKind, backupKind, restoreKind, storeKind, channelKind, drillKind].map(
      ({ group, plural, kind, namespaced }) => [`${plural}.${group}`, kind, namespaced],
    );
    expect(described).toEqual(
      crds.map(({ metadata, spec }) => [metadata.name, spec.names.kind, spec.scope === 'Namespaced']),
    );
  });
});

/** The different limits of fields whose paths end like this. */
function maxLengths(suffix: string): number[] {
  return [
    ...new Set(fields.filter(({ path }) => path.endsWith(suffix)).map(({ schema }) => schema.maxLength ?? 0)),
  ];
}

describe('what code knows of the schema', () => {
  test('the longest messages', () => {
    expect(maxLengths('.status.conditions[].message')).toEqual([conditionMessageMaxLength]);
    expect(maxLengths('.status.message')).toEqual([statusMessageMaxLength]);
    expect(maxLengths('.status.operation.message')).toEqual([statusMessageMaxLength]);
  });

  test.each([
    ['JtelStack', stackConditionTypes],
    ['JtelBackup', requestConditionTypes],
    ['JtelRestore', requestConditionTypes],
    ['JtelBackupStore', storeConditionTypes],
    ['JtelChannel', channelConditionTypes],
    ['JtelDrill', drillConditionTypes],
  ] as const)('the conditions of a %s are described, and fit into their list', (kind, types) => {
    const conditions = fields.find(({ path }) => path === `${kind}.status.conditions`)?.schema;
    expect(types.length).toBeLessThanOrEqual(conditions?.maxItems ?? 0);
    expect(conditions?.description?.match(/\b[A-Z][A-Za-z]+\b/g)?.toSorted()).toEqual(types.toSorted());
  });

  test('names of annotations and finalizers are in our group', () => {
    expect(
      [stackFinalizer, ...Object.values(annotations)].filter((name) => !/^jtel\.de\/[a-z-]+$/.test(name)),
    ).toEqual([]);
  });
});
