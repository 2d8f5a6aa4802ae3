/** A small kind of our own for tests of the runtime, which knows nothing of jtel. */
import type { ResourceKind } from '../../runtime/kind.ts';
import { isConflict, type Cluster, type Condition, type KubernetesObject } from '../../runtime/index.ts';
import { call } from './cluster.ts';
import { waitFor } from './wait.ts';

export interface Widget extends KubernetesObject {
  readonly spec?: { readonly size?: number; readonly secretName?: string; readonly text?: string };
  readonly status?: {
    readonly phase?: string;
    readonly detail?: string;
    readonly conditions?: readonly Condition[];
  };
}

export const widgets: ResourceKind<Widget> = {
  group: 'test.jtel.de',
  version: 'v1',
  plural: 'widgets',
  kind: 'Widget',
  namespaced: true,
};

interface CustomResourceDefinition extends KubernetesObject {
  readonly spec?: unknown;
  readonly status?: { readonly conditions?: readonly Condition[] };
}

const definitions: ResourceKind<CustomResourceDefinition> = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};

const condition = {
  type: 'object',
  properties: {
    type: { type: 'string' },
    status: { type: 'string' },
    reason: { type: 'string' },
    message: { type: 'string' },
    lastTransitionTime: { type: 'string', format: 'date-time' },
    observedGeneration: { type: 'integer' },
  },
  required: ['type', 'status'],
};

const schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        size: { type: 'integer', minimum: 1 },
        secretName: { type: 'string' },
        text: { type: 'string' },
      },
    },
    status: {
      type: 'object',
      properties: {
        phase: { type: 'string' },
        detail: { type: 'string' },
        conditions: {
          type: 'array',
          items: condition,
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['type'],
        },
      },
    },
  },
};

/** Makes the API server serve widgets. Several test files may call it at once. */
export async function installWidgets(cluster: Cluster): Promise<void> {
  const definition: CustomResourceDefinition = {
    metadata: { name: 'widgets.test.jtel.de' },
    spec: {
      group: widgets.group,
      scope: 'Namespaced',
      names: { plural: widgets.plural, singular: 'widget', kind: widgets.kind },
      versions: [
        {
          name: widgets.version,
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: { openAPIV3Schema: schema },
        },
      ],
    },
  };
  await waitFor('the widget definition applied', async () => {
    try {
      return await cluster.apply(definitions, definition, call());
    } catch (error) {
      if (isConflict(error)) return false;
      throw error;
    }
  });
  await waitFor('widgets served', async () => {
    const live = await cluster.get(definitions, { namespace: '', name: 'widgets.test.jtel.de' }, call());
    if (!live.status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True'))
      return false;
    return (await cluster.list(widgets, { namespace: 'default' }, call())) !== undefined;
  });
}

export function widget(
  namespace: string,
  name: string,
  spec: NonNullable<Widget['spec']> = { size: 1 },
): Widget {
  return { metadata: { namespace, name }, spec };
}
