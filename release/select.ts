/**
 * Selects the components of a release that run for one stack, with their replicas and resources: the
 * release's defaults, changed as the stack asks.
 */
import type { Component, Dependency, Release, Resources } from './generated/release.ts';
import { serviceNames } from './components.ts';
import { resourcesOf } from './sizes.ts';
import { RenderError, type ComponentOverride, type StackInput } from './stack-input.ts';

export interface SelectedComponent {
  readonly component: Component;
  /** compose service names, one per replica. */
  readonly services: readonly string[];
  readonly resources: Resources;
  /** Only edges to components that are selected too. */
  readonly dependsOn: readonly Dependency[];
  readonly env: NonNullable<ComponentOverride['env']>;
}

/**
 * In start order.
 * @throws {RenderError} when the stack names a component that the release lacks, or disables one that may not
 * be disabled or that another one needs.
 */
export function selectComponents(release: Release, stack: StackInput): readonly SelectedComponent[] {
  const overrides = overridesByName(release, stack);
  const disabled = new Set(
    [...overrides.values()]
      .filter((override) => override.state === 'Disabled')
      .map((override) => override.name),
  );
  return release.components
    .filter((component) => {
      if (!disabled.has(component.name)) return true;
      if (component.optional === true) return false;
      throw new RenderError(
        `spec.components: ${component.name} cannot be disabled, release ${release.version} needs it: remove the entry`,
      );
    })
    .map((component) => {
      const override = overrides.get(component.name);
      return {
        component,
        services: serviceNames(component, replicasOf(component, override)),
        resources: resourcesOf(component, stack.size, override),
        dependsOn: (component.dependsOn ?? []).filter((edge) => keepsEdge(component, edge, disabled)),
        env: override?.env ?? [],
      };
    });
}

function overridesByName(release: Release, stack: StackInput): ReadonlyMap<string, ComponentOverride> {
  const overrides = new Map<string, ComponentOverride>();
  for (const override of stack.components ?? []) {
    if (!release.components.some((component) => component.name === override.name)) {
      const names = release.components.map((component) => component.name).join(', ');
      throw new RenderError(
        `spec.components: release ${release.version} has no component ${override.name}; it has ${names}`,
      );
    }
    if (overrides.has(override.name))
      throw new RenderError(`spec.components: ${override.name} appears more than once`);
    overrides.set(override.name, override);
  }
  return overrides;
}

function keepsEdge(component: Component, edge: Dependency, disabled: ReadonlySet<string>): boolean {
  if (!disabled.has(edge.component)) return true;
  if (edge.optional === true) return false;
  throw new RenderError(
    `spec.components: ${edge.component} is disabled, but ${component.name} needs it: disable ${component.name} too, or enable ${edge.component}`,
  );
}

function replicasOf(component: Component, override: ComponentOverride | undefined): number {
  const { name, replicas } = component;
  const wanted = override?.replicas;
  if (replicas === undefined) {
    if (wanted === undefined || wanted === 1) return 1;
    throw new RenderError(`spec.components: ${name} runs exactly once in this release: remove replicas`);
  }
  if (wanted === undefined) return replicas.default;
  if (Number.isInteger(wanted) && wanted >= replicas.minimum && wanted <= replicas.maximum) return wanted;
  throw new RenderError(
    `spec.components: ${name} can have ${replicas.minimum} to ${replicas.maximum} replicas, not ${wanted}`,
  );
}
