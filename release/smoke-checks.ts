/** What a release's smoke checks need of its components, and what has to run for them. Pure. */
import { serviceNames } from './components.ts';
import type { Release, SmokeCheck } from './generated/release.ts';

/** Checks that they name what exists. Part of `cross-checks.ts`. */
export function smokeProblems(release: Release): readonly string[] {
  return (release.smokeChecks ?? []).flatMap((check) =>
    problemsOf(check, release).map((problem) => `smokeChecks (${check.name}): ${problem}`),
  );
}

function problemsOf({ http, sql }: SmokeCheck, { components }: Release): readonly string[] {
  if ((http === undefined) === (sql === undefined)) return ['it needs either http or sql'];
  if (http === undefined) return [];
  const component = components.find(({ name }) => name === http.component);
  if (component === undefined) return [`there is no component ${http.component}`];
  // Without it, nobody knows when it is ready to answer. A task has none.
  return component.health === undefined ? [`${http.component} has no health check`] : [];
}

/** The services that are asked by HTTP: of each component the first replica. */
export function askedServices(release: Release): readonly string[] {
  const asked = (release.smokeChecks ?? []).flatMap(({ http }) => serviceOf(release, http?.component) ?? []);
  return [...new Set(asked)];
}

/** The components that have to run for those that are asked, and these. */
export function neededComponents({ components, smokeChecks = [] }: Release): readonly string[] {
  const needed = new Set(smokeChecks.flatMap(({ http }) => http?.component ?? []));
  // A component depends only on earlier ones.
  for (const { name, dependsOn = [] } of components.toReversed())
    if (needed.has(name)) for (const { component } of dependsOn) needed.add(component);
  return [...needed];
}

export function serviceOf({ components }: Release, name: string | undefined): string | undefined {
  const component = components.find((one) => one.name === name);
  return component === undefined ? undefined : serviceNames(component, 1)[0];
}
