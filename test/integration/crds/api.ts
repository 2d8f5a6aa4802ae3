/** Asks the API server whether it would take an object, without storing it. */
import { callApi } from '../../../runtime/client/transport.ts';
import { ApiError } from '../../../runtime/index.ts';
import { call, type TestCluster } from '../../support/cluster.ts';
import type { Manifest } from './objects.ts';

const plurals: Readonly<Record<string, string>> = {
  JtelStack: 'jtelstacks',
  JtelBackup: 'jtelbackups',
  JtelRestore: 'jtelrestores',
  JtelBackupStore: 'jtelbackupstores',
  JtelChannel: 'jtelchannels',
  JtelDrill: 'jteldrills',
  Secret: 'secrets',
  ServiceAccount: 'serviceaccounts',
  RoleBinding: 'rolebindings',
  CronJob: 'cronjobs',
};

const inNoNamespace: ReadonlySet<string> = new Set(['JtelChannel', 'JtelDrill']);

/** Path of the collection of a manifest's kind in the test's namespace. */
function collectionOf(cluster: TestCluster, { apiVersion, kind }: Manifest): string {
  const plural = plurals[kind];
  if (plural === undefined) throw new Error(`no plural known for ${kind}`);
  const group = `${apiVersion === 'v1' ? '/api' : '/apis'}/${apiVersion}`;
  return inNoNamespace.has(kind)
    ? `${group}/${plural}`
    : `${group}/namespaces/${cluster.namespace}/${plural}`;
}

function placeOf({ namespace }: TestCluster, { kind }: Manifest): { readonly namespace?: string } {
  return inNoNamespace.has(kind) ? {} : { namespace };
}

/** The object as it would be stored. @throws ApiError when it is refused, also for unknown fields. */
export async function tryToCreate(cluster: TestCluster, manifest: Manifest): Promise<Manifest> {
  const { metadata } = manifest;
  return (await callApi(
    cluster.connection,
    {
      method: 'POST',
      path: collectionOf(cluster, manifest),
      query: { dryRun: 'All', fieldValidation: 'Strict' },
      body: { ...manifest, metadata: { ...metadata, ...placeOf(cluster, manifest) } },
      purpose: `try to create ${manifest.kind} ${metadata.name}`,
    },
    call(),
  )) as Manifest;
}

/** Replaces an existing object. With `subresource` status it replaces only the status. */
export async function replace(
  cluster: TestCluster,
  manifest: Manifest,
  subresource?: 'status',
): Promise<Manifest> {
  const path = `${collectionOf(cluster, manifest)}/${manifest.metadata.name}${subresource === undefined ? '' : `/${subresource}`}`;
  return (await callApi(
    cluster.connection,
    { method: 'PUT', path, body: manifest, purpose: `replace ${manifest.kind}` },
    call(),
  )) as Manifest;
}

/** Stores an object in the test's namespace. */
export async function create(cluster: TestCluster, manifest: Manifest): Promise<Manifest> {
  const body = { ...manifest, metadata: { ...manifest.metadata, ...placeOf(cluster, manifest) } };
  return (await callApi(
    cluster.connection,
    { method: 'POST', path: collectionOf(cluster, manifest), body, purpose: `create ${manifest.kind}` },
    call(),
  )) as Manifest;
}

/** The API server's objections; empty when it accepted the object. */
export async function refusal(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
    return '';
  } catch (error) {
    if (error instanceof ApiError && error.status === 422) return error.message;
    throw error;
  }
}
