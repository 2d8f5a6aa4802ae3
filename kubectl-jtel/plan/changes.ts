/** Compares two compose files by service: what would an apply recreate? Pure. */
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';

export interface ServiceChange {
  readonly service: string;
  readonly change: 'Added' | 'Removed' | 'Recreated';
  /** Why it is recreated: `image 3.43.1 → 3.43.2`, `environment`, `files`. */
  readonly because: readonly string[];
}

type Service = Readonly<Record<string, unknown>>;

/** @param before absent if nothing runs yet. */
export function serviceChanges(before: string | undefined, after: string): ServiceChange[] {
  const [old, wanted] = [before === undefined ? {} : servicesOf(before), servicesOf(after)];
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(old)])];
  return names.flatMap((service): ServiceChange[] => {
    const [was, is] = [old[service], wanted[service]];
    if (was === undefined) return [{ service, change: 'Added', because: [] }];
    if (is === undefined) return [{ service, change: 'Removed', because: [] }];
    const because = differences(was, is);
    return because.length === 0 ? [] : [{ service, change: 'Recreated', because }];
  });
}

function servicesOf(composeYaml: string): Readonly<Record<string, Service>> {
  return (
    (parse(composeYaml) as { readonly services?: Readonly<Record<string, Service>> } | null)?.services ?? {}
  );
}

function differences(was: Service, is: Service): string[] {
  const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])].filter(
    (key) => !isDeepStrictEqual(was[key], is[key]),
  );
  return keys.map((key) => {
    if (key === 'image') return `image ${shortImage(was[key])} → ${shortImage(is[key])}`;
    // Files lie under their digests, so a changed file is another mount.
    if (key === 'volumes') return 'files';
    return key;
  });
}

/** The tag, or the beginning of the digest; the rest is the same for both. */
function shortImage(image: unknown): string {
  const text = String(image);
  const [name = '', digest] = text.split('@');
  const tag = /:([^:/]+)$/.exec(name)?.[1];
  return tag ?? digest?.slice(0, 19) ?? text;
}
