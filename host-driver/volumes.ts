/**
 * Where a volume of a release lies on the host. At first it is `<project>_<volume>`, as compose itself would name it. A restore
 * loads into new volumes beside the old ones; from the switch on, `state.json` says which Docker volume stands for which.
 */

/** Volume of the release → Docker volume, for those that were switched. */
export type SwitchedVolumes = Readonly<Record<string, string>>;

/** @throws {RangeError} for a name that is not one of this project's: state.json lies on a host that may be broken into. */
export function dockerVolume(project: string, volume: string, switched: SwitchedVolumes | undefined): string {
  const first = `${project}_${volume}`;
  const name = switched?.[volume];
  if (name === undefined || name === first) return first;
  if (!name.startsWith(`${first}.`) || !/^[a-z0-9]{1,32}$/.test(name.slice(first.length + 1))) {
    throw new RangeError(
      `the host's state.json names ${JSON.stringify(name.slice(0, 80))} as the volume ${volume} of ${project}, which cannot be`,
    );
  }
  return name;
}

/** The volumes that one load fills. @param load stable over tries: the uid of whoever ordered it */
export function newVolumes(project: string, volumes: readonly string[], load: string): SwitchedVolumes {
  return Object.fromEntries(volumes.map((volume) => [volume, `${project}_${volume}.${shortened(load)}`]));
}

/**
 * Compose project that holds the database of a load while the stack serves. No stack's project has such a name: those begin with
 * `jtel-<namespace>-`, and this goes on with digits of a uid.
 */
export function loadProject(load: string): string {
  return `jtel-load-${shortened(load)}`;
}

/** The project of the load that a volume was made for; undefined for a project's first volumes. @param volume a Docker volume */
export function loadProjectOf(volume: string): string | undefined {
  const [, load] = /_[a-z0-9-]+\.([a-z0-9]+)$/.exec(volume) ?? [];
  return load === undefined ? undefined : loadProject(load);
}

function shortened(load: string): string {
  return load
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')
    .slice(-16);
}
