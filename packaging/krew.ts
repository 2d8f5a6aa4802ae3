/** The manifest with which krew, the manager of kubectl's plug-ins, installs `kubectl jtel`. */
import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import { executableName } from './executable.ts';
import type { Platform } from './node-binaries.ts';

export interface KrewManifest {
  readonly version: string;
  /** Where the archives are served: `URI/NAME`. */
  readonly uri: string;
  readonly executables: ReadonlyMap<Platform, KrewArchive>;
  /** The npm package, for macOS. */
  readonly npm: KrewArchive;
}

export interface KrewArchive {
  readonly name: string;
  readonly content: Uint8Array;
}

/** krew names systems and processors as Go does. */
const processors: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** @returns a YAML document, whose file must be named jtel.yaml. */
export function krewManifest({ version, uri, executables, npm }: KrewManifest): string {
  const source = ({ name, content }: KrewArchive): object => ({
    uri: `${uri.replace(/\/$/, '')}/${name}`,
    sha256: createHash('sha256').update(content).digest('hex'),
  });
  const platforms = [...executables].map(([platform, archive]) => {
    const [os = '', arch = ''] = platform.split('-');
    return {
      selector: { matchLabels: { os, arch: processors[arch] } },
      ...source(archive),
      bin: executableName(platform),
    };
  });
  return stringify({
    apiVersion: 'krew.googlecontainertools.github.com/v1alpha2',
    kind: 'Plugin',
    metadata: { name: 'jtel' },
    spec: {
      version: `v${version}`,
      shortDescription: 'Look after jtel contact-centre stacks',
      description:
        'Shows the state, history and logs of jtel stacks, plans and rolls back their changes, and handles their backups and restores. It works with your own rights, beside the jtel operator.\n',
      caveats:
        'On macOS it needs Node 24 in the PATH.\nTo complete `kubectl jtel` with Tab, link kubectl_complete-jtel beside the plug-in, to the same file:\n  ln -s kubectl-jtel "${KREW_ROOT:-$HOME/.krew}/bin/kubectl_complete-jtel"\n',
      platforms: [
        ...platforms,
        {
          selector: { matchLabels: { os: 'darwin' } },
          ...source(npm),
          files: [{ from: 'package/*', to: '.' }],
          bin: 'bin/kubectl-jtel.js',
        },
      ],
    },
  });
}
