/**
 * Bills of materials of the npm packages that run in production, by npm from the lock file. npm puts the time
 * and a random number into each; here both follow from the content and the commit, so that the same sources
 * give the same file.
 */
import { createHash } from 'node:crypto';
import { run } from '../../kit/process.ts';

export type SBOMFormat = 'cyclonedx' | 'spdx';

interface CycloneDX {
  serialNumber: string;
  metadata: { timestamp: string; component: { name: string } };
}

interface SPDX {
  name: string;
  documentNamespace: string;
  creationInfo: { created: string };
}

/** @param directory with package.json and package-lock.json */
export async function npmSBOM(directory: string, format: SBOMFormat, epoch: number): Promise<string> {
  const printed = await run(
    ['npm', 'sbom', '--omit=dev', '--package-lock-only', '--sbom-type=application', '--sbom-format', format],
    { cwd: directory },
  );
  const document = JSON.parse(printed) as unknown;
  return format === 'cyclonedx'
    ? steadyCycloneDX(document as CycloneDX, epoch)
    : steadySPDX(document as SPDX, epoch);
}

/** npm calls the component by the name of its folder, so by where it was built. */
export function steadyCycloneDX(document: CycloneDX, epoch: number): string {
  document.metadata.timestamp = time(epoch);
  document.metadata.component.name = 'jtel-operator';
  document.serialNumber = '';
  document.serialNumber = `urn:uuid:${uuidOf(document)}`;
  return text(document);
}

export function steadySPDX(document: SPDX, epoch: number): string {
  document.creationInfo.created = time(epoch);
  document.documentNamespace = '';
  document.documentNamespace = `http://spdx.org/spdxdocs/${document.name}-${uuidOf(document)}`;
  return text(document);
}

function text(document: object): string {
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function time(epoch: number): string {
  return new Date(epoch * 1000).toISOString().replace('.000Z', 'Z');
}

/** A UUID of version 8, made from the content. */
function uuidOf(document: object): string {
  const hex = createHash('sha256').update(JSON.stringify(document)).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
