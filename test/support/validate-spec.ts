/** Checks objects against the schemas of the CRDs. The API server knows more: rules in CEL. */
import { Ajv, type ErrorObject } from 'ajv';
import { readCRDs, schemaOf, type Schema } from '../../crds/crd.ts';

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: unknown;
}

/** Kubernetes refuses unknown fields (strict validation). JSON schema does so only on request. */
function closed(schema: Schema): object {
  const { properties, items, format: _, ...rest } = schema;
  return {
    ...rest,
    ...(items === undefined ? {} : { items: closed(items) }),
    ...(properties === undefined
      ? {}
      : {
          additionalProperties: false,
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, child]) => [name, closed(child)]),
          ),
        }),
  };
}

const ajv = new Ajv({ strict: false, allErrors: true });

/** Kind → validator of its spec. */
const validators = new Map(
  readCRDs().map((crd) => [
    crd.spec.names.kind,
    ajv.compile(closed(schemaOf(crd).properties?.['spec'] ?? {})),
  ]),
);

/** @returns what is wrong with the spec of an object of ours; nothing if it is as it should be */
export function problemsOf({ apiVersion, kind, metadata, spec }: Manifest): readonly {
  readonly kind: string;
  readonly name: string;
  readonly errors: readonly ErrorObject[] | string;
}[] {
  const { name } = metadata;
  const validate = validators.get(kind);
  if (validate === undefined || apiVersion !== 'jtel.de/v1alpha1')
    return [{ kind, name, errors: `no such kind in ${apiVersion}` }];
  return validate(spec) ? [] : [{ kind, name, errors: validate.errors ?? [] }];
}
