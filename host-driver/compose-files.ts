/**
 * Writes the services of a release as text for a compose host: `compose.yaml`, and the files from which the
 * host's script creates and starts containers (docs/decisions/0019). So the script never has to understand
 * YAML. Pure: the same model gives the same bytes.
 */
import { stringify } from 'yaml';
import type { ComposeVolume, StartFiles } from './rendered-release.ts';

/**
 * What compose reads, as data. Services are in start order: a service comes after everything that it needs.
 */
export interface ComposeModel {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, ComposeVolume>>;
  readonly [other: string]: unknown;
}

interface ComposeService {
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: Readonly<Record<string, unknown>>;
  readonly [other: string]: unknown;
}

/** Every string is double-quoted, and `$` is doubled: compose would take it for a variable of the operator's environment. */
export function composeText(model: ComposeModel): string {
  return stringify(withoutInterpolation(model), {
    version: '1.1',
    lineWidth: 0,
    aliasDuplicateObjects: false,
    defaultStringType: 'QUOTE_DOUBLE',
    defaultKeyType: 'PLAIN',
  });
}

/** Each text is made when it is first asked for, so that somebody who writes them need not make all at once. */
export function startFiles(model: ComposeModel): StartFiles {
  let createYaml: string | undefined;
  let createYamlForOldDocker: string | undefined;
  return {
    get createYaml() {
      return (createYaml ??= composeText(changed(model, withoutEdges)));
    },
    get createYamlForOldDocker() {
      return (createYamlForOldDocker ??= composeText(
        changed(model, (service) => withoutStartInterval(withoutEdges(service))),
      ));
    },
    edges: Object.entries(model.services).flatMap(([service, { depends_on: needs = {} }]) =>
      Object.entries(needs).map(([need, { condition }]) => ({ service, need, condition })),
    ),
  };
}

function changed(model: ComposeModel, change: (service: ComposeService) => ComposeService): ComposeModel {
  const services = Object.entries(model.services).map(([name, service]) => [name, change(service)] as const);
  return { ...model, services: Object.fromEntries(services) };
}

function withoutEdges({ depends_on: _edges, ...service }: ComposeService): ComposeService {
  return service;
}

/**
 * API 1.44 and compose 2.21 brought a shorter interval while a container starts. Containers can do without
 * it.
 */
function withoutStartInterval(service: ComposeService): ComposeService {
  if (service.healthcheck === undefined) return service;
  const { start_interval: _interval, ...healthcheck } = service.healthcheck;
  return { ...service, healthcheck };
}

function withoutInterpolation(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('$', '$$$$');
  if (Array.isArray(value)) return value.map(withoutInterpolation);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, withoutInterpolation(child)]));
}
