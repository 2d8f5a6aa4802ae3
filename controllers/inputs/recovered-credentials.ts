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
  request: CredentialRequest,
  needed: readonly string[],
  deployed: DeployedFiles | undefined,
): RecoveredCredentials {
  if (deployed === undefined)
    throw credentialsLost(secretName, request, 'nothing of the stack is deployed on its host');
  const { selfSigned, places = [] } = request;
  const mounts = mountsOf(project, deployed);
  const data: Record<string, string> = {};
  const contentsOf = (name: string): ReadonlySet<string> =>
    new Set(
      places.filter((place) => place.secret === name).flatMap((place) => contentsAt(place, mounts, deployed)),
    );
  const keyFiles = new Set(
    [...deployed.secrets].filter(([, content]) => isKeyFile(content)).map(([file]) => file),
  );
  // Another version may have its keys in another place, which is no place of other secrets.
  const areKeysElsewhere = (name: string): boolean =>
    mounts.some(
      ({ file, target }) =>
        keyFiles.has(file) && !places.some((place) => place.secret !== name && place.target === target),
    );
  const bad: string[] = [];
  for (const { name, length } of soughtOf(request)) {
    const isKeys = length === 'EncryptionKeys';
    const contents = contentsOf(name);
    if (contents.size === 0 && !needed.includes(name) && !(isKeys && areKeysElsewhere(name))) continue;
    const [content] = contents;
    const isGood = isKeys ? isKeyFile : isGenerated;
    if (contents.size === 1 && content !== undefined && isGood(content)) data[name] = content;
    else bad.push(name);
  }
  if (bad.length > 0)
    throw credentialsLost(
      secretName,
      request,
      `what its containers have as ${bad.join(', ')} is missing, not one thing, or not as the operator makes it`,
      bad,
    );
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

/** Of an empty Secret only the keys: it is consent to new passwords. */
function soughtOf({ generate, lacks }: CredentialRequest): CredentialRequest['generate'] {
  return lacks === 'Keys' ? generate.filter(({ length }) => length === 'EncryptionKeys') : generate;
}

/** @param names of those that the host cannot give; default: all that are asked for */
export function credentialsLost(
  secretName: string,
  request: CredentialRequest,
  why: string,
  names: readonly string[] = soughtOf(request).map(({ name }) => name),
): InputError {
  const all = names.join(', ');
  const keys = request.generate
    .filter(({ name, length }) => length === 'EncryptionKeys' && names.includes(name))
    .map(({ name }) => name);
  const isGone = request.lacks === 'Secret';
  const copy = isGone
    ? 'Put the Secret back from a copy.'
    : `Put ${all} back into it from a copy, and leave its other entries as they are.`;
  const consent = isGone
    ? 'If there is none and you agree to new passwords, make it empty, with the label jtel.de/stack and the name of the stack.'
    : 'If there is no copy of a password and you agree to a new one, write it into that entry: 16 to 256 letters and digits.';
  return new InputError(
    'CredentialsLost',
    [
      `Secret ${secretName} ${isGone ? 'is gone' : `lacks ${all}`}, which cannot be made again from the host: ${why}.`,
      'No new ones are made over data that exist; what runs runs on.',
      copy,
      // An empty Secret would not bring keys.
      ...((isGone ? keys.length === 0 : names.length > keys.length) ? [consent] : []),
      ...(keys.length > 0 ? [`There are no new keys of encryption at rest (${keys.join(', ')}).`] : []),
    ].join(' '),
  );
}
