/**
 * Finds, before `docker compose up`, the volumes that compose would have to recreate because their definition changed: that
 * loses data, and depending on its version compose asks, warns or does it. Pure, except for the parse of our own YAML.
 */
import { parse } from 'yaml';

export interface ExistingVolume {
  readonly name: string;
  readonly driver: string;
  readonly options: Readonly<Record<string, string>>;
}

interface ComposeVolume {
  readonly name?: string;
  readonly driver?: string;
  readonly driver_opts?: Readonly<Record<string, string | number>>;
  readonly external?: boolean;
}

/** @returns one sentence per volume that exists with another driver or other options than the compose file asks for. */
export function changedVolumes(composeYaml: string, project: string, existing: readonly ExistingVolume[]): string[] {
  const model = parse(composeYaml) as { volumes?: Readonly<Record<string, ComposeVolume | null>> } | null;
  const byName = new Map(existing.map((one) => [one.name, one]));
  const findings: string[] = [];
  for (const [key, definition] of Object.entries(model?.volumes ?? {})) {
    if (definition?.external === true) continue;
    const name = definition?.name ?? `${project}_${key}`;
    const volume = byName.get(name);
    if (volume === undefined) continue;
    const wanted = describe(definition?.driver ?? 'local', definition?.driver_opts ?? {});
    const found = describe(volume.driver, volume.options);
    if (wanted !== found) findings.push(`volume ${name} is ${found}, the release wants ${wanted}`);
  }
  return findings;
}

function describe(driver: string, options: Readonly<Record<string, string | number>>): string {
  const sorted = Object.entries(options)
    .map(([key, value]) => `${key}=${value}`)
    .toSorted();
  return sorted.length === 0 ? driver : `${driver} (${sorted.join(', ')})`;
}
