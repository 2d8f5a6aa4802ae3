/** Makes a stack concrete: reads its release, collects its secrets, renders its compose file and configuration files. */

import type { BlobStore } from '../../blob-store/blob-store.ts';
import { storeKind, type JtelStack } from '../../crds/index.ts';
import type { RegistryLogin } from '../../host-driver/registry-login.ts';
import type { RenderedRelease } from '../../host-driver/rendered-release.ts';
import type { SwitchedVolumes } from '../../host-driver/volumes.ts';
import type { CallOptions, Cluster, SecretValues } from '../../runtime/client/cluster.ts';
import type { Release } from '../../release/generated/release.ts';
import { componentFiles, renderRelease, type ComponentFile } from '../../release/render.ts';
import type { TemplateTexts } from '../../release/template-texts.ts';
import { optional } from '../../base/optional.ts';
import { certificateLife, type CertificateLife } from './certificate-life.ts';
import { findSelfSigned, type CredentialRequest } from './credential-secret.ts';
import { type CredentialStore } from './credentials.ts';
import { readFileNames } from './file-names.ts';
import { InputError } from './input-error.ts';
import { ReleaseSource, type LoadedRelease } from './release-source.ts';
import { readPullCredentials } from './pull-credentials.ts';
import type { RenderInput } from '../../release/stack-input.ts';
import { collectReleaseSecrets, readCertificate, readEnvironment, stackInput } from './render-inputs.ts';
import type { openStore } from '../stores/store-access.ts';

export interface ReleaseDependencies {
  readonly cluster: Cluster;
  readonly releases: ReleaseSource;
  readonly credentials: CredentialStore;
  readonly openStore: typeof openStore;
}

export type RenderDependencies = Pick<ReleaseDependencies, 'cluster' | 'releases' | 'credentials'>;

export interface StackRelease {
  readonly loaded: LoadedRelease;
  /** The vendor store that it lies in. */
  readonly store: BlobStore;
}

/** @throws {InputError} {@link BlobError} when the store cannot be used or has no such release. */
export async function readRelease(
  stack: JtelStack,
  { cluster, releases, openStore: open }: Pick<ReleaseDependencies, 'cluster' | 'releases' | 'openStore'>,
  options: CallOptions,
): Promise<StackRelease> {
  const namespace = stack.metadata.namespace ?? '';
  const { resource, blobs } = await open(
    cluster,
    namespace,
    stack.spec.releaseStoreRef.name,
    'spec.releaseStoreRef',
    options,
  );
  if (resource.spec.tier !== 'Vendor') {
    throw new InputError(
      'ReferenceInvalid',
      `JtelBackupStore ${namespace}/${resource.metadata.name} is of tier ${resource.spec.tier}; spec.releaseStoreRef needs one of tier Vendor.`,
    );
  }
  const { version, channelRef } = stack.spec;
  if (version === '' && channelRef !== undefined)
    throw new InputError(
      'ChannelPending',
      `JtelChannel ${channelRef.name}, which spec.channelRef names, has not said yet which release this stack begins with: it does not exist, has no wave for the stack, or was not looked at yet (kubectl jtel rollout status ${channelRef.name}).`,
    );
  // The schema checks this, too. It becomes a name in the store, so it is checked again.
  if (!/^[0-9][0-9A-Za-z.-]{0,63}$/.test(version))
    throw new InputError(
      'ReleaseNotFound',
      `spec.version ${JSON.stringify(version.slice(0, 40))} is no release such as 3.43.2.`,
    );
  return { loaded: await releases.load(blobs, version, { namespace, signal: options.signal }), store: blobs };
}

/**
 * For those who look at a stack without being the operator: checks releases with the key that the operator says it uses, in the
 * status of the stack's vendor store, which only the operator may write.
 */
export async function statedReleases(
  cluster: Cluster,
  { metadata, spec }: JtelStack,
  options: CallOptions,
): Promise<ReleaseSource> {
  const key = { namespace: metadata.namespace, name: spec.releaseStoreRef.name };
  const store = await cluster.find(storeKind, key, options);
  return ReleaseSource.withStatedKey(store?.status?.releaseKey);
}

/** Holds secrets. Executors and jobs may have it, planners and statuses must not. */
export interface RenderedStack {
  readonly rendered: RenderedRelease;
  readonly rootPassword: string;
  /** The files of the database's component, for jobs beside it. */
  readonly databaseFiles: readonly ComponentFile[];
  readonly pullCredentials: readonly RegistryLogin[];
  /** Absent if the release has none. */
  readonly certificate?: CertificateLife;
  /** The stack has no key for the names of its secrets yet. */
  readonly plainFileNames?: true;
}

/** What rendering needs besides spec and release. Holds secrets. */
export interface StackSecrets {
  readonly generated: SecretValues | undefined;
  readonly certificate: string | undefined;
  readonly environment: ReadonlyMap<string, string>;
  readonly pullCredentials: readonly RegistryLogin[];
}

/** @throws {InputError} */
export async function readStackSecrets(
  stack: JtelStack,
  { registry }: Release,
  { cluster, credentials }: Pick<ReleaseDependencies, 'cluster' | 'credentials'>,
  options: CallOptions,
): Promise<StackSecrets> {
  // What throws at once must do so before anything is on its way that nobody would wait for.
  const input = stackInput(stack);
  const [generated, certificate, environment, pullCredentials] = await Promise.all([
    credentials.read(stack, options),
    readCertificate(cluster, stack, options),
    readEnvironment(cluster, stack, input, options),
    readPullCredentials(cluster, stack, registry, options),
  ]);
  return { generated, certificate, environment, pullCredentials };
}

/** What differs from the stack's own place. */
export interface Placing {
  /** Those that a restore has switched, from the host's state.json; or those of other projects, instead of new ones. */
  readonly volumes?: SwitchedVolumes | undefined;
  /** Default: open. */
  readonly network?: RenderInput['network'];
}

/**
 * Pure.
 * @param texts of the release's templates; asked for once all secrets are there
 * @returns what must still be generated, or the rendered stack
 * @throws {InputError} {@link RenderError}
 */
export function renderWith(
  stack: JtelStack,
  project: string,
  { release, templates }: LoadedRelease,
  texts: () => TemplateTexts,
  { generated, certificate, environment, pullCredentials }: StackSecrets,
  { volumes, network }: Placing = {},
): { readonly missing: CredentialRequest } | RenderedStack {
  const secrets = collectReleaseSecrets(release, generated, certificate);
  if (!secrets.complete) return { missing: secrets.missing };
  const rendered = texts();
  const fileNames = readFileNames(generated);
  const renderInput = {
    release,
    templates,
    stack: stackInput(stack),
    project,
    volumes,
    network,
    secrets: { release: secrets.values, environment },
    fileNames,
  };
  return {
    rendered: renderRelease(renderInput, rendered),
    databaseFiles: componentFiles(renderInput, rendered, release.database.component),
    rootPassword: secrets.values.get(release.database.rootSecret) ?? '',
    pullCredentials,
    ...(fileNames === undefined ? { plainFileNames: true } : {}),
    ...optional({ certificate: certificateLife(release, certificate, findSelfSigned(generated)) }),
  };
}

/** {@link readStackSecrets} and {@link renderWith} in one. */
export async function renderStack(
  stack: JtelStack,
  project: string,
  loaded: LoadedRelease,
  dependencies: RenderDependencies,
  options: CallOptions,
  placing: Placing = {},
): Promise<{ readonly missing: CredentialRequest } | RenderedStack> {
  const secrets = await readStackSecrets(stack, loaded.release, dependencies, options);
  const { releases } = dependencies;
  const texts = await releases.texts(loaded, { stack: stackInput(stack), project }, options.signal);
  return renderWith(stack, project, loaded, () => texts, secrets, placing);
}

/**
 * Renders the release without anything that could get in the real stack's way: no published ports, not the
 * host's own network, no components of the spec. Its database can run beside the stack, so that it can be loaded or inspected.
 * @throws {InputError} {@link RenderError}
 */
export async function renderBeside(
  stack: JtelStack,
  version: string,
  project: string,
  placing: Placing,
  dependencies: ReleaseDependencies,
  options: CallOptions,
): Promise<{ readonly release: Release; readonly rendered: RenderedStack }> {
  const { components: _components, ...spec } = stack.spec;
  const bare: JtelStack = { ...stack, spec: { ...spec, version } };
  const { loaded } = await readRelease(bare, dependencies, options);
  const release: Release = {
    ...loaded.release,
    components: loaded.release.components.map(
      ({ publish: _publish, hostNetwork: _hostNetwork, ...component }) => component,
    ),
  };
  const rendered = await renderStack(bare, project, { ...loaded, release }, dependencies, options, placing);
  if ('missing' in rendered)
    throw new InputError(
      'SecretNotFound',
      `The credentials of JtelStack ${stack.metadata.name} are not complete yet.`,
    );
  return { release, rendered };
}

/**
 * The files of the database's component, and no others: a backup does not need the certificate of a web server.
 * @throws {InputError} when a secret of it is missing.
 */
export async function databaseSecrets(
  stack: JtelStack,
  project: string,
  loaded: LoadedRelease,
  { cluster, releases, credentials }: RenderDependencies,
  options: CallOptions,
): Promise<Pick<RenderedStack, 'rootPassword' | 'databaseFiles'>> {
  const { release, templates } = loaded;
  const { component: name, rootSecret } = release.database;
  const generated = await credentials.read(stack, options);
  const values = new Map<string, string>();
  for (const mount of release.components.find((component) => component.name === name)?.secrets ?? []) {
    const kind = release.secrets.find((secret) => secret.name === mount.name)?.kind;
    const value =
      kind === 'TLS'
        ? ((await readCertificate(cluster, stack, options)) ?? findSelfSigned(generated))
        : generated?.find(mount.name);
    if (value === undefined) {
      throw new InputError(
        'SecretNotFound',
        `Secret ${stack.metadata.namespace}/${stack.metadata.name}-credentials has no ${mount.name}: without it the database cannot be read.`,
      );
    }
    values.set(mount.name, value);
  }
  const renderInput = {
    release,
    templates,
    stack: stackInput(stack),
    project,
    secrets: { release: values, environment: new Map<string, string>() },
  };
  const wanted = { stack: renderInput.stack, project, component: name };
  const texts = await releases.texts(loaded, wanted, options.signal);
  return {
    rootPassword: values.get(rootSecret) ?? '',
    databaseFiles: componentFiles(renderInput, texts, name),
  };
}
