/**
 * Makes one compose service from one component, as plain objects. File paths are absolute and contain the
 * digest of the content. So compose recreates exactly the services whose files changed; its own hash does not
 * look into mounted files. Two renders of the same input must be equal: no times, no versions in labels.
 */
import type { Component, Dependency, Release } from './generated/release.ts';
import { healthCheck } from './health-check.ts';
import type { SelectedComponent } from './select.ts';

/** A file that is mounted read-only from `/opt/jtel/<project>/files/<name>`. */
export interface MountedFile {
  readonly name: string;
  readonly target: string;
}

export interface ServiceParts {
  readonly formatVersion: Release['formatVersion'];
  readonly selected: SelectedComponent;
  readonly service: string;
  /** `repository@sha256:…` */
  readonly image: string;
  readonly project: string;
  /** `<namespace>/<name>` */
  readonly stack: string;
  readonly environment: ReadonlyMap<string, string>;
  readonly files: readonly MountedFile[];
  /** The only network that it is in; default: that of the project. */
  readonly network: string | undefined;
  /** Services of the component that an edge leads to. */
  readonly servicesOf: (component: string) => readonly string[];
}

const conditions = {
  started: 'service_started',
  healthy: 'service_healthy',
  completed: 'service_completed_successfully',
} as const;

/**
 * Where the host driver puts the file with this name. The host driver decides on the layout
 * (docs/hosts.md).
 */
function hostFilePath(project: string, name: string): string {
  return `/opt/jtel/${project}/files/${name}`;
}

export function composeService(parts: ServiceParts): Record<string, unknown> {
  const { component, resources } = parts.selected;
  const service: Record<string, unknown> = {
    image: parts.image,
    ...(component.hostNetwork === true ? { network_mode: 'host' } : { hostname: parts.service }),
    restart: component.kind === 'Task' ? 'no' : 'unless-stopped',
    init: true,
    ...processFields(component, parts.formatVersion),
    environment: [...parts.environment].map(([name, value]) => `${name}=${value}`),
    volumes: mounts(parts),
    ports: component.publish,
    networks: parts.network === undefined ? undefined : [parts.network],
    depends_on: dependencies(parts.selected.dependsOn, parts.servicesOf),
    healthcheck: healthCheck(component),
    cpus: Number(resources.cpus),
    mem_limit: `${resources.memoryMiB}m`,
    shm_size: component.sharedMemoryMiB === undefined ? undefined : `${component.sharedMemoryMiB}m`,
    stop_grace_period:
      component.stopGracePeriodSeconds === undefined ? undefined : `${component.stopGracePeriodSeconds}s`,
    // A container's log must not fill the database's disk.
    logging: { driver: 'json-file', options: { 'max-size': '20m', 'max-file': '5' } },
    labels: { 'jtel.de/stack': parts.stack, 'jtel.de/component': component.name },
  };
  return withoutEmpty(service);
}

function processFields(
  component: Component,
  formatVersion: Release['formatVersion'],
): Record<string, unknown> {
  return {
    user: component.user,
    entrypoint: component.entrypoint,
    command: component.command,
    working_dir: component.workingDirectory,
    read_only: component.readOnlyRootFileSystem === true ? true : undefined,
    ...rights(component, formatVersion),
    sysctls: Object.fromEntries((component.kernelParameters ?? []).map(({ name, value }) => [name, value])),
    ulimits: Object.fromEntries(
      (component.processLimits ?? []).map(({ name, soft, hard }) => [name, { soft, hard }]),
    ),
  };
}

/**
 * Of a release in format 1, this must stay as it is: anything else would recreate the containers of running stacks when the
 * operator is upgraded. KILL is for Docker's init, which passes the signal to stop to a process that has changed its user.
 */
function rights(
  { capabilities = [] }: Component,
  formatVersion: Release['formatVersion'],
): Record<string, unknown> {
  if (formatVersion === 1) return { cap_add: capabilities };
  return {
    cap_drop: ['ALL'],
    cap_add: ['KILL', ...capabilities],
    security_opt: ['no-new-privileges:true'],
  };
}

function mounts(parts: ServiceParts): readonly Record<string, unknown>[] {
  const { component } = parts.selected;
  return [
    ...(component.volumes ?? []).map((mount) => ({
      type: 'volume',
      source: mount.volume,
      target: mount.target,
      ...(mount.readOnly === true ? { read_only: true } : {}),
    })),
    ...(component.temporaryFileSystems ?? []).map((mount) => ({
      type: 'tmpfs',
      target: mount.target,
      tmpfs: { size: mount.sizeMiB * 1024 * 1024 },
    })),
    // Without `create_host_path: false`, a missing file would silently become an empty directory.
    ...parts.files.map((file) => ({
      type: 'bind',
      source: hostFilePath(parts.project, file.name),
      target: file.target,
      read_only: true,
      bind: { create_host_path: false },
    })),
  ];
}

function dependencies(
  edges: readonly Dependency[],
  servicesOf: ServiceParts['servicesOf'],
): Readonly<Record<string, { readonly condition: string }>> {
  return Object.fromEntries(
    edges.flatMap((edge) =>
      servicesOf(edge.component).map((service) => [service, { condition: conditions[edge.condition] }]),
    ),
  );
}

function withoutEmpty(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(
      ([, value]) =>
        value !== undefined &&
        !(typeof value === 'object' && value !== null && Object.keys(value).length === 0),
    ),
  );
}
