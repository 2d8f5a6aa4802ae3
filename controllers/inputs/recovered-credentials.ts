/**
 * The generated credentials of a stack, read back from what its host runs with: for when their Secret is lost. The host may
 * have been broken into since, so each value must be one that the operator could have made. Pure.
 */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { composeMounts } from '../../host-driver/compose-mounts.ts';
import type { DeployedFiles } from '../../host-driver/host.ts';
import { certificateKey, type CredentialRequest, type SecretPlace } from './credential-secret.ts';
import type { KeptName } from './file-names.ts';
import { InputError } from './input-error.ts';

export interface RecoveredCredentials {
  /** Entry of the Secret → content. */
  readonly data: Readonly<Record<string, string>>;
  /** What lies on the host keeps its name, so no container is started anew. */
  readonly kept: readonly KeptName[];
}

export interface RecoveredStack {
  readonly project: string;
  /** Of the Secret, for messages. */
  readonly secretName: string;
  readonly fqdn: string;
}

/**
 * A certificate that is not the stack's own is left out, and made anew: no data depend on it.
 * @param needed names that have to be found; others may be of a newer release, or of a disabled component
 * @throws {InputError} CredentialsLost
 */
export function recoverCredentials(
  { project, secretName, fqdn }: RecoveredStack,
  { generate, selfSigned, places = [] }: CredentialRequest,
  needed: readonly string[],
  deployed: DeployedFiles | undefined,
): RecoveredCredentials {
  if (deployed === undefined)
    throw credentialsLost(secretName, 'nothing of the stack is deployed on its host');
  const mounts = mountsOf(project, deployed);
  const data: Record<string, string> = {};
  const contentsOf = (name: string): ReadonlySet<string> =>
    new Set(
      places.filter((place) => place.secret === name).flatMap((place) => contentsAt(place, mounts, deployed)),
    );
  const find = (name: string, isGood: (content: string) => boolean): string | undefined => {
    const contents = contentsOf(name);
    if (contents.size === 0 && !needed.includes(name)) return undefined;
    const [content] = contents;
    if (contents.size !== 1 || content === undefined || !isGood(content))
      throw credentialsLost(
        secretName,
        `what its containers have as ${name} is missing, not one thing, or not as the operator makes it`,
      );
    return content;
  };
  for (const { name, length } of generate) {
    const content = find(name, length === 'EncryptionKeys' ? isKeyFile : isGenerated);
    if (content !== undefined) data[name] = content;
  }
  if (selfSigned) {
    const names = new Set(places.filter(({ isCertificate }) => isCertificate).map(({ secret }) => secret));
    const [content, ...others] = new Set([...names].flatMap((name) => [...contentsOf(name)]));
    if (content !== undefined && others.length === 0 && isOwnCertificate(content, fqdn))
      data[certificateKey] = content;
  }
  const mounted = new Set(mounts.map(({ file }) => file));
  const kept = [...deployed.digests]
    .filter(([name]) => mounted.has(name))
    .map(([name, sha256]) => ({ sha256, name }));
  return { data, kept };
}

interface Mount {
  readonly service: string;
  readonly target: string;
  /** Name of the file on the host. */
  readonly file: string;
}

function mountsOf(project: string, { composeYaml }: DeployedFiles): readonly Mount[] {
  const folder = `/opt/jtel/${project}/files/`;
  return composeMounts(composeYaml)
    .filter(({ source }) => source.startsWith(folder))
    .map(({ service, source, target }) => ({ service, target, file: source.slice(folder.length) }));
}

/** An empty text for a file that is mounted and not there: it is as bad as a wrong one. */
function contentsAt(
  place: SecretPlace,
  mounts: readonly Mount[],
  { secrets }: DeployedFiles,
): readonly string[] {
  return mounts
    .filter(({ service, target }) => target === place.target && isOf(service, place.component))
    .map(({ file }) => secrets.get(file) ?? '');
}

function isOf(service: string, component: string): boolean {
  return (
    service === component ||
    (service.startsWith(`${component}-`) && /^-\d+$/.test(service.slice(component.length)))
  );
}

/** As long as a release may ask for; another version may have asked for another length. */
function isGenerated(content: string): boolean {
  return /^[A-Za-z0-9]{16,256}$/.test(content);
}

function isKeyFile(content: string): boolean {
  return /^(\d{1,10};[0-9A-Fa-f]{32,64}\n){1,64}$/.test(content);
}

function isOwnCertificate(content: string, fqdn: string): boolean {
  const begin = content.indexOf('-----BEGIN CERTIFICATE-----');
  if (begin < 0) return false;
  try {
    const certificate = new X509Certificate(content.slice(begin));
    return (
      certificate.checkHost(fqdn, { subject: 'never' }) !== undefined &&
      certificate.checkPrivateKey(createPrivateKey(content.slice(0, begin)))
    );
  } catch {
    return false;
  }
}

export function credentialsLost(secretName: string, why: string): InputError {
  return new InputError(
    'CredentialsLost',
    `Secret ${secretName} is gone or lacks passwords, which cannot be made again from the host: ${why}. No new passwords are made over data that exist; what runs runs on. ` +
      'Put the Secret back from a copy. If there is none and you agree to new ones, make it empty, with the label jtel.de/stack and the name of the stack.',
  );
}
