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
    throw new RangeError(`the host's state.json names ${JSON.stringify(name.slice(0, 80))} as the volume ${volume} of ${project}, which cannot be`);
  }
  return name;
}

/** The volumes that one load fills. @param load stable over tries; letters and digits of it name the volumes */
export function newVolumes(project: string, volumes: readonly string[], load: string): SwitchedVolumes {
  const suffix = load.toLowerCase().replaceAll(/[^a-z0-9]/g, '').slice(-16);
  return Object.fromEntries(volumes.map((volume) => [volume, `${project}_${volume}.${suffix}`]));
}
