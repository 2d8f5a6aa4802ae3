/**
 * The machine's own apt mirror and settings, so images made here install from where the machine itself does.
 * Parses `sources.list` and deb822 `.sources` files without effects; `readAptSettings` has the effects.
 */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './process.ts';

export interface AptSource {
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
}

export interface AptSettings {
  /** Mirror of the release itself. */
  readonly mirror: string;
  /** Mirror of `<suite>-security`; absent if the machine has none. */
  readonly securityMirror?: string;
  /** Lines for apt.conf: proxy, clock and certificate settings of the machine. */
  readonly configuration: string;
}

/** One-line style: `deb [options] URI suite component…`. */
export function parseSourcesList(text: string): AptSource[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s*([^#]*)/.exec(line);
    if (!match) return [];
    const [, uri = '', suite = '', components = ''] = match;
    return [{ uri, suite, components: components.trim().split(/\s+/).filter(Boolean) }];
  });
}

/** deb822 style: stanzas of `Types`, `URIs`, `Suites`, `Components`; comment lines may stand anywhere. */
export function parseDeb822(text: string): AptSource[] {
  const stanzas = text.split(/\n\s*\n/).map((stanza) => {
    const fields = new Map<string, string>();
    let last = '';
    for (const line of stanza.split('\n')) {
      if (line.startsWith('#')) continue;
      const field = /^([A-Za-z-]+):\s*(.*)$/.exec(line);
      if (field) fields.set((last = (field[1] ?? '').toLowerCase()), field[2] ?? '');
      else if (/^\s+\S/.test(line)) fields.set(last, `${fields.get(last) ?? ''} ${line.trim()}`);
    }
    return fields;
  });
  return stanzas
    .filter(
      (fields) => words(fields.get('types')).includes('deb') && fields.get('enabled')?.toLowerCase() !== 'no',
    )
    .flatMap((fields) =>
      words(fields.get('uris')).flatMap((uri) =>
        words(fields.get('suites')).map((suite) => ({
          uri,
          suite,
          components: words(fields.get('components')),
        })),
      ),
    );
}

function words(text: string | undefined): string[] {
  return (text ?? '').trim().split(/\s+/).filter(Boolean);
}

/** Mirrors for another suite of the same Debian, from the sources of this one. */
export function chooseMirrors(
  sources: readonly AptSource[],
  codename: string,
): { mirror: string; securityMirror?: string } {
  const names = new Set([codename, 'stable', 'oldstable', 'testing']);
  const main = sources.filter((source) => source.components.includes('main') && /^https?:/.test(source.uri));
  const mirror = main.find((source) => names.has(source.suite))?.uri;
  if (mirror === undefined) {
    throw new Error(
      `No apt source for Debian "${codename}" was found on this machine (looked for http(s) entries with component main ` +
        'in /etc/apt/sources.list and /etc/apt/sources.list.d): add one, the images of the sandbox are made from it.',
    );
  }
  const securityMirror = main.find((source) => source.suite.endsWith('-security'))?.uri;
  return securityMirror === undefined ? { mirror } : { mirror, securityMirror };
}

/** The machine's apt settings that an image needs to reach the same mirror. */
export function keptConfiguration(dump: string): string {
  const kept =
    /^Acquire::((https?|ftp)::Proxy(::\S+)?|Check-Valid-Until|Check-Date|Retries|ForceIPv[46]) ".+";$/i;
  return dump
    .split('\n')
    .filter((line) => kept.test(line))
    .map((line) => `${line}\n`)
    .join('');
}

export async function readAptSettings(): Promise<AptSettings> {
  const directory = '/etc/apt/sources.list.d';
  const parts = (await readdir(directory).catch(() => [])).toSorted().map((name) => join(directory, name));
  const sources: AptSource[] = [];
  for (const file of ['/etc/apt/sources.list', ...parts]) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (file.endsWith('.list')) sources.push(...parseSourcesList(text));
    else if (file.endsWith('.sources')) sources.push(...parseDeb822(text));
  }
  const release = await readFile('/etc/os-release', 'utf8');
  const codename = /^VERSION_CODENAME=(.*)$/m.exec(release)?.[1] ?? '';
  return {
    ...chooseMirrors(sources, codename),
    configuration: keptConfiguration(await run(['apt-config', 'dump'])),
  };
}
