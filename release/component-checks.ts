/** The checks of {@link crossCheck} for one component. */
import { parsePublishedPort, secretTarget } from './components.ts';
import type { Component, Release } from './generated/release.ts';
import { healthProblems } from './health-check.ts';

/** What format 2 allows. Format 1 came before this list, so it allows all that does not give away the host. */
const capabilitiesOfFormat2: readonly string[] = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'IPC_LOCK',
  'NET_BIND_SERVICE',
  'NET_RAW',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
  'SYS_NICE',
];

/**
 * `index` is the component's place in the list. It may only depend on components above it, so cycles cannot
 * happen.
 */
export function componentProblems(release: Release, component: Component, index: number): readonly string[] {
  const problems = [
    ...dependencyProblems(release, component, index),
    ...mountProblems(release, component),
    ...networkProblems(component),
    ...replicaProblems(component),
    ...capabilityProblems(release, component),
    ...essentialProblems(release, component),
    ...healthProblems(component),
  ];
  const names = (component.environment ?? []).map((variable) => variable.name);
  for (const name of twice(names)) problems.push(`environment variable ${name} appears more than once`);
  for (const limit of component.processLimits ?? []) {
    if (limit.hard !== -1 && (limit.soft === -1 || limit.soft > limit.hard))
      problems.push(`process limit ${limit.name}: soft is above hard`);
  }
  return problems.map((problem) => `components (${component.name}): ${problem}`);
}

function dependencyProblems(release: Release, component: Component, index: number): readonly string[] {
  const problems: string[] = [];
  const edges = component.dependsOn ?? [];
  for (const name of twice(edges.map((edge) => edge.component)))
    problems.push(`dependsOn names ${name} more than once`);
  for (const edge of edges) {
    const position = release.components.findIndex((candidate) => candidate.name === edge.component);
    const target = release.components[position];
    if (target === undefined) {
      problems.push(`dependsOn: there is no component ${edge.component}`);
      continue;
    }
    if (position >= index)
      problems.push(`dependsOn: ${edge.component} must be listed above it (the list is the start order)`);
    if (edge.condition === 'healthy' && target.health === undefined)
      problems.push(`dependsOn: ${edge.component} has no health to wait for`);
    if (edge.condition === 'completed' && target.kind !== 'Task')
      problems.push(`dependsOn: ${edge.component} is not a Task, it never completes`);
    if (target.optional === true && component.optional !== true && edge.optional !== true) {
      problems.push(
        `dependsOn: ${edge.component} is optional, so the edge must be \`optional: true\` (or neither)`,
      );
    }
  }
  return problems;
}

function mountProblems(release: Release, component: Component): readonly string[] {
  const problems: string[] = [];
  for (const mount of component.volumes ?? []) {
    if (!release.volumes.includes(mount.volume))
      problems.push(`volume ${mount.volume} is not declared in volumes`);
  }
  const secrets = component.secrets ?? [];
  for (const mount of secrets) {
    if (!release.secrets.some((secret) => secret.name === mount.name))
      problems.push(`secret ${mount.name} is not declared in secrets`);
  }
  const user = component.user?.split(':')[0];
  if (secrets.length > 0 && user !== undefined && Number(user) !== 0) {
    problems.push(
      `it starts as user ${user} and could not read its secrets: let the image start as root and step down by itself`,
    );
  }
  const targets = [
    ...(component.files ?? []).map((file) => file.target),
    ...secrets.map(secretTarget),
    ...(component.volumes ?? []).map((mount) => mount.target),
    ...(component.temporaryFileSystems ?? []).map((mount) => mount.target),
  ];
  for (const target of twice(targets)) problems.push(`${target} is the target of more than one mount`);
  return problems;
}

function networkProblems(component: Component): readonly string[] {
  const problems: string[] = [];
  for (const text of component.publish ?? []) {
    const port = parsePublishedPort(text);
    for (const number of [port.hostPort, port.containerPort]) {
      if (number < 1 || number > 65_535) problems.push(`publish ${text}: ${number} is not a port`);
    }
  }
  if (component.hostNetwork !== true) return problems;
  if ((component.publish ?? []).length > 0)
    problems.push('it uses the network of the host, so it cannot publish ports');
  for (const parameter of component.kernelParameters ?? []) {
    if (parameter.name.startsWith('net.'))
      problems.push(`it uses the network of the host, so it cannot set ${parameter.name}`);
  }
  return problems;
}

function replicaProblems(component: Component): readonly string[] {
  const { replicas } = component;
  if (replicas === undefined) return [];
  const problems: string[] = [];
  if (replicas.minimum > replicas.default || replicas.default > replicas.maximum) {
    problems.push(
      `replicas: ${replicas.minimum} ≤ ${replicas.default} ≤ ${replicas.maximum} (minimum, default, maximum) does not hold`,
    );
  }
  if ((component.publish ?? []).length > 0 && replicas.maximum > 1)
    problems.push('replicas cannot share a published port: drop publish or replicas');
  return problems;
}

function capabilityProblems({ formatVersion }: Release, { capabilities = [] }: Component): readonly string[] {
  if (formatVersion === 1) return [];
  return capabilities
    .filter((capability) => !capabilitiesOfFormat2.includes(capability))
    .map(
      (capability) =>
        `capability ${capability} is not one of those of format ${formatVersion}: ${capabilitiesOfFormat2.join(', ')}`,
    );
}

/** Operators that know only older formats would judge by all services, so such a release is not for them. */
function essentialProblems({ formatVersion }: Release, { essential, kind }: Component): readonly string[] {
  if (essential !== true) return [];
  if (formatVersion < 3) return ['essential needs formatVersion 3'];
  return kind === 'Task' ? ['a Task that has ended serves nobody, so it cannot be essential'] : [];
}

function twice(values: readonly string[]): readonly string[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}
