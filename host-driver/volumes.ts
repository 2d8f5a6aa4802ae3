/**
 * Names the Docker volume of a release's volume. At first it is `<project>_<volume>`, the name that compose
 * itself gives. A restore loads into new volumes beside the old ones. After the switch, `state.json` says
 * which Docker volume is in use.
 */

/** Volume of the release → Docker volume, for volumes that were switched. */
export type SwitchedVolumes = Readonly<Record<string, string>>;

/**
 * @throws {RangeError} when the name is not one of this project's. state.json is on the host, and somebody
 * may have broken into it.
 */
export function dockerVolume(project: string, volume: string, switched: SwitchedVolumes | undefined): string {
  const first = `${project}_${volume}`;
  const name = switched?.[volume];
  if (name === undefined) return first;
  if (!isOwnName(first, name))
    throw new RangeError(
      `the host's state.json names ${JSON.stringify(name.slice(0, 80))} as the volume ${volume} of ${project}, which cannot be`,
    );
  return name;
}

/** Whether all are volumes of this project, each with the name of its own volume. */
export function areOwnVolumes(project: string, switched: SwitchedVolumes): boolean {
  return Object.entries(switched).every(([volume, name]) => isOwnName(`${project}_${volume}`, name));
}

function isOwnName(first: string, name: string): boolean {
  return (
    name === first || (name.startsWith(`${first}.`) && /^[a-z0-9]{1,32}$/.test(name.slice(first.length + 1)))
  );
}

/**
 * Names the volumes that one load fills. @param load is the same for all tries: the uid of the object that
 * ordered it
 */
export function newVolumes(project: string, volumes: readonly string[], load: string): SwitchedVolumes {
  return Object.fromEntries(volumes.map((volume) => [volume, `${project}_${volume}.${shortened(load)}`]));
}

/**
 * Names the compose project that holds the database of a load while the stack serves. No stack's project has
 * such a name: those begin with `jtel-<namespace>-`, and here digits of a uid follow.
 */
export function loadProject(load: string): string {
  return `jtel-load-${shortened(load)}`;
}

/**
 * The project of the load for which a volume was made. Undefined for a project's first volumes. @param volume
 * a Docker volume
 */
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
