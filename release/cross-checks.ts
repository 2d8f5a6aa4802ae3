/**
 * Checks fields of a manifest against each other: names that must exist, and combinations that make no sense.
 * Runs after the schema check, so it can rely on shapes. Returns sentences; none means that all is well.
 */
import semver from 'semver';
import { databaseSetName } from '../jobs/values.ts';
import { componentProblems } from './component-checks.ts';
import { secretTarget, serviceNames, templatePaths } from './components.ts';
import { databaseFiles } from './database-files.ts';
import type { Release } from './generated/release.ts';
import { smokeProblems } from './smoke-checks.ts';

/** Names that the store's layout uses itself. */
const reservedPaths = new Set(['release.json', 'release.json.sig', 'release.yaml']);

export function crossCheck(release: Release, form: 'Draft' | 'Published'): readonly string[] {
  return [
    ...duplicates(
      'components',
      release.components.map((component) => component.name),
    ),
    ...duplicates(
      'secrets',
      release.secrets.map((secret) => secret.name),
    ),
    ...duplicates(
      'fileTrees',
      release.fileTrees.map((tree) => tree.name),
    ),
    ...duplicates(
      'smokeChecks',
      (release.smokeChecks ?? []).map((check) => check.name),
    ),
    ...duplicates(
      'service names',
      release.components.flatMap((component) => serviceNames(component, component.replicas?.maximum ?? 1)),
    ),
    ...versionProblems(release),
    ...databaseProblems(release),
    ...dataProblems(release),
    ...updaterProblems(release),
    ...portProblems(release),
    ...smokeProblems(release),
    ...release.components.flatMap((component, index) => componentProblems(release, component, index)),
    ...publishedPortProblems(release),
    ...(form === 'Published' ? publishedProblems(release) : []),
  ];
}

function duplicates(what: string, names: readonly string[]): readonly string[] {
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  return [...new Set(twice)].map((name) => `${what}: ${name} appears more than once`);
}

function versionProblems(release: Release): readonly string[] {
  const problems: string[] = [];
  if (semver.valid(release.version) !== release.version)
    problems.push(`version: ${release.version} is not a semantic version`);
  for (const range of release.updatableFrom) {
    if (semver.validRange(range) === null)
      problems.push(`updatableFrom: ${JSON.stringify(range)} is not a version range`);
    else if (semver.satisfies(release.version, range)) {
      problems.push(`updatableFrom: ${JSON.stringify(range)} contains ${release.version} itself`);
    }
  }
  const port = release.registry.split(':')[1];
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535))
    problems.push(`registry: ${port} is not a port`);
  return problems;
}

function updaterProblems({ dataUpdater, components }: Release): readonly string[] {
  if (dataUpdater === undefined) return [];
  const component = components.find(({ name }) => name === dataUpdater);
  if (component === undefined) return [`dataUpdater: there is no component ${dataUpdater}`];
  return component.replicas === undefined ? [] : [`dataUpdater: ${dataUpdater} must not have replicas`];
}

function databaseProblems(release: Release): readonly string[] {
  const { component: name, rootSecret } = release.database;
  const component = release.components.find((candidate) => candidate.name === name);
  if (component === undefined) return [`database.component: there is no component ${name}`];
  const problems: string[] = [];
  if (component.optional === true) problems.push(`database.component: ${name} must not be optional`);
  if (component.replicas !== undefined) problems.push(`database.component: ${name} must not have replicas`);
  if ((component.volumes ?? []).length === 0)
    problems.push(`database.component: ${name} mounts no volume to hold the database`);
  if (release.secrets.find((secret) => secret.name === rootSecret)?.kind !== 'Generated') {
    problems.push(`database.rootSecret: there is no Generated secret ${rootSecret}`);
  } else if (!(component.secrets ?? []).some((secret) => secret.name === rootSecret)) {
    problems.push(`database.rootSecret: ${name} does not mount ${rootSecret}`);
  }
  if (release.database.physical !== undefined && databaseFiles(release) === undefined) {
    const { volume, dataDirectory } = release.database.physical;
    problems.push(
      `database.physical: ${name} does not mount ${volume} at ${dataDirectory} or above, writable`,
    );
  }
  const keys = release.database.physical?.keys;
  if (
    keys !== undefined &&
    release.secrets.find((secret) => secret.name === keys.secret)?.kind !== 'EncryptionKeys'
  ) {
    problems.push(`database.physical.keys: there is no secret ${keys.secret} of kind EncryptionKeys`);
  } else if (keys !== undefined && !(component.secrets ?? []).some((secret) => secret.name === keys.secret)) {
    problems.push(`database.physical.keys: ${name} does not mount ${keys.secret}`);
  }
  const authority = release.database.tls?.certificateAuthority;
  const targets = [
    ...(component.files ?? []).map(({ target }) => target),
    ...(component.secrets ?? []).map(secretTarget),
  ];
  if (authority !== undefined && !targets.includes(authority)) {
    problems.push(
      `database.tls.certificateAuthority: ${authority} is the target of no file and no secret of ${name}`,
    );
  }
  return problems;
}

function dataProblems(release: Release): readonly string[] {
  const problems: string[] = [];
  for (const tree of release.fileTrees) {
    // In a backup, all data sets lie side by side.
    if (tree.name === databaseSetName)
      problems.push(`fileTrees: ${tree.name} is the name of the database's own data set`);
    if (!release.volumes.includes(tree.volume))
      problems.push(`fileTrees (${tree.name}): volume ${tree.volume} is not declared`);
  }
  for (const secret of release.secrets) {
    if (secret.kind !== 'Generated' && secret.length !== undefined)
      problems.push(`secrets (${secret.name}): only Generated has a length`);
  }
  const mounted = new Set(
    release.components.flatMap((component) => (component.volumes ?? []).map((mount) => mount.volume)),
  );
  for (const volume of release.volumes)
    if (!mounted.has(volume)) problems.push(`volumes: no component mounts ${volume}`);
  const sets = release.vanilla.map((set) =>
    set.kind === 'Database' ? 'the database' : `file tree ${set.name ?? ''}`,
  );
  problems.push(
    ...duplicates('vanilla', sets),
    ...duplicates(
      'vanilla',
      release.vanilla.map((set) => set.path),
    ),
  );
  for (const set of release.vanilla) {
    if (set.kind === 'Database' && set.name !== undefined)
      problems.push(`vanilla (${set.path}): kind Database has no name`);
    if (set.kind === 'FileTree' && !release.fileTrees.some((tree) => tree.name === set.name)) {
      problems.push(`vanilla (${set.path}): there is no file tree ${set.name ?? '(name is missing)'}`);
    }
    if (reservedPaths.has(set.path))
      problems.push(`vanilla: ${set.path} is a name that the store uses itself`);
  }
  for (const path of templatePaths(release)) {
    if (reservedPaths.has(path)) problems.push(`template ${path} is a name that the store uses itself`);
  }
  return problems;
}

function portProblems(release: Release): readonly string[] {
  return release.ports
    .filter((port) => port.from > port.to)
    .map(
      (port) => `ports: ${port.group} ${port.protocol} from ${port.from} to ${port.to} is in the wrong order`,
    );
}

function publishedPortProblems(release: Release): readonly string[] {
  const holders = new Map<string, string>();
  const problems: string[] = [];
  for (const component of release.components) {
    for (const text of component.publish ?? []) {
      const [ports = '', protocol = ''] = text.split('/');
      const port = `${ports.split(':').at(-2) ?? ''}/${protocol}`;
      const holder = holders.get(port);
      if (holder !== undefined)
        problems.push(`publish: port ${port} of the host is taken by ${holder} and by ${component.name}`);
      holders.set(port, component.name);
    }
  }
  return problems;
}

/** Publishing must have filled these fields in. */
function publishedProblems(release: Release): readonly string[] {
  const stored = (release.templates ?? []).map((file) => file.path);
  const wanted = templatePaths(release);
  return [
    ...release.components
      .filter((component) => component.image.digest === undefined)
      .map(
        (component) =>
          `components (${component.name}): image ${component.image.repository}:${component.image.tag} has no digest`,
      ),
    ...release.vanilla
      .filter((set) => set.bytes === undefined || set.sha256 === undefined)
      .map((set) => `vanilla (${set.path}): bytes or sha256 is missing`),
    ...duplicates('templates', stored),
    ...wanted
      .filter((path) => !stored.includes(path))
      .map((path) => `templates: ${path} is named by a component but not stored`),
    ...stored
      .filter((path) => !wanted.includes(path))
      .map((path) => `templates: ${path} is stored but no component names it`),
  ];
}
