/**
 * A stand-in release of format 3, whose backups are asked something when they are tested: one page, and one
 * row. It is release 3.43.1 with the components that this needs, so it costs no further image.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { Docker } from '../../kit/docker.ts';
import { releasesDirectory } from './contexts.ts';
import { makeVanilla } from './vanilla.ts';

const base = '3.43.1';
/** Older than every other release, so none of those counts as an update of it. */
export const checkedRelease = '3.39.1';

/** Programs start as root, read secrets, and step down. The database takes over its directory before. */
const stepsDown = ['SETGID', 'SETUID'];
const components: Readonly<Record<string, object>> = {
  'acd-dbm': { essential: true, capabilities: [...stepsDown, 'CHOWN', 'DAC_OVERRIDE', 'FOWNER'] },
  'acd-task-runner': { capabilities: stepsDown },
  'acd-web': {
    essential: true,
    capabilities: stepsDown,
    replicas: { default: 1, minimum: 1, maximum: 8 },
  },
};

const smokeChecks = [
  { name: 'portal', http: { component: 'acd-web', port: 8080, path: '/api/info', status: 200 } },
  { name: 'accounts', sql: { query: 'SELECT COUNT(*) > 0 FROM jtel.users', value: '1' } },
];

/** The parts of a manifest that are changed. */
interface Release {
  readonly secrets: readonly { readonly kind: string }[];
  readonly volumes: readonly string[];
  readonly components: readonly { readonly name: string }[];
}

/**
 * Makes `directory/<release>/`. Needs the stand-ins of 3.43.1.
 * @returns absolute path by release.
 */
export async function assembleCheckedRelease(
  docker: Docker,
  directory: string,
): Promise<ReadonlyMap<string, string>> {
  const release = parse(await readFile(join(releasesDirectory, base, 'release.yaml'), 'utf8')) as Release;
  const target = join(directory, checkedRelease);
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  await writeFile(join(target, 'release.yaml'), stringify(withChecks(release)));
  await makeVanilla(docker, `jtel/acd-dbm:${base}`, base, join(target, 'vanilla'));
  return new Map([[checkedRelease, target]]);
}

function withChecks(release: Release): object {
  return {
    ...release,
    formatVersion: 3,
    version: checkedRelease,
    updatableFrom: [],
    secrets: release.secrets.filter(({ kind }) => kind === 'Generated'),
    ports: [],
    volumes: release.volumes.filter((volume) => volume !== 'database-replica'),
    components: release.components.flatMap((one) =>
      components[one.name] === undefined ? [] : [{ ...one, ...components[one.name] }],
    ),
    smokeChecks,
  };
}
