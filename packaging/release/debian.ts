/**
 * The Debian packages of an image: their bills of materials and their licences. What dpkg says of itself is
 * the truth here; nothing is guessed from files.
 */
import type { Docker } from '../../kit/docker.ts';

export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly source: string;
  readonly sourceVersion: string;
}

const fields = ['Package', 'Version', 'Architecture', 'source:Package', 'source:Version'];
const format = `${fields.map((field) => `\${${field}}`).join('\\t')}\\n`;

/** Of an image, in the order of their names. */
export async function debianPackages(docker: Docker, image: string): Promise<readonly DebianPackage[]> {
  const listing = ['run', '--rm', '--network', 'none', '--entrypoint', 'dpkg-query', image];
  const printed = await docker.run([...listing, '--show', `--showformat=${format}`]);
  return parsePackages(printed);
}

export function parsePackages(printed: string): readonly DebianPackage[] {
  return printed
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [name = '', version = '', architecture = '', source = '', sourceVersion = ''] = line.split('\t');
      return { name, version, architecture, source, sourceVersion };
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Prints the copyright file of each package after its name. The files of one source are often the same. */
const copyrights = `
cd /usr/share/doc
for package in $(dpkg-query --show --showformat='\${Package}\\n' | sort -u); do
  if [ -e "$package/copyright" ]; then printf '\\n==== %s ====\\n\\n' "$package"; cat "$package/copyright"; fi
done
cd /usr/share/common-licenses
for licence in $(find . -maxdepth 1 -type f | sort); do printf '\\n==== common-licenses/%s ====\\n\\n' "\${licence#./}"; cat "$licence"; done
`;

/** The copyright files of all packages of an image, and the licences that they name, as one text. */
export async function debianLicences(docker: Docker, image: string): Promise<string> {
  return await docker.run([
    'run',
    '--rm',
    '--network',
    'none',
    '--entrypoint',
    'sh',
    image,
    '-c',
    copyrights,
  ]);
}

export interface DescribedImage {
  /** e.g. `toolbox`. */
  readonly name: string;
  readonly version: string;
  /** `sha256:…` */
  readonly digest: string;
  readonly packages: readonly DebianPackage[];
}

export function debianCycloneDX(image: DescribedImage, epoch: number): string {
  const { name, version, digest, packages } = image;
  const reference = `pkg:oci/${name}@${encodeURIComponent(digest)}`;
  return text({
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      timestamp: time(epoch),
      component: { 'bom-ref': reference, type: 'container', name, version, purl: reference },
    },
    components: packages.map((each) => ({
      'bom-ref': urlOf(each),
      type: 'library',
      name: each.name,
      version: each.version,
      purl: urlOf(each),
      properties: [{ name: 'debian:source', value: `${each.source} ${each.sourceVersion}` }],
    })),
    dependencies: [{ ref: reference, dependsOn: packages.map(urlOf) }],
  });
}

export function debianSPDX(image: DescribedImage, epoch: number): string {
  const { name, version, digest, packages } = image;
  const root = 'SPDXRef-Image';
  const identifier = (each: DebianPackage): string =>
    `SPDXRef-Package-${each.name.replaceAll(/[^a-zA-Z0-9.-]/g, '-')}-${each.architecture}`;
  const unknown = { downloadLocation: 'NOASSERTION', filesAnalyzed: false };
  return text({
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: `${name}-${version}`,
    documentNamespace: `http://spdx.org/spdxdocs/${name}-${version}-${digest.replace('sha256:', '')}`,
    creationInfo: { created: time(epoch), creators: ['Tool: jtel-operator-make-release'] },
    documentDescribes: [root],
    packages: [
      { SPDXID: root, name, versionInfo: version, primaryPackagePurpose: 'CONTAINER', ...unknown },
      ...packages.map((each) => ({
        SPDXID: identifier(each),
        name: each.name,
        versionInfo: each.version,
        sourceInfo: `built from ${each.source} ${each.sourceVersion}`,
        ...unknown,
        externalRefs: [
          {
            referenceCategory: 'PACKAGE-MANAGER',
            referenceType: 'purl',
            referenceLocator: urlOf(each),
          },
        ],
      })),
    ],
    relationships: packages.map((each) => ({
      spdxElementId: root,
      relationshipType: 'CONTAINS',
      relatedSpdxElement: identifier(each),
    })),
  });
}

/** A package URL as its specification writes Debian's: `+` and `~` of versions are encoded or kept as URLs do. */
function urlOf({ name, version, architecture }: DebianPackage): string {
  return `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}`;
}

function text(document: object): string {
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function time(epoch: number): string {
  return new Date(epoch * 1000).toISOString().replace('.000Z', 'Z');
}
