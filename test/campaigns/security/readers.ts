/** Every place where the operator reads an answer of a store, each with how to bring it to read one. */
import { azureBlobStore } from '../../../blob-store/azure/azure-store.ts';
import { managementAccess } from '../../../blob-store/azure/management-access.ts';
import { readRetention } from '../../../blob-store/azure/management.ts';
import type { BlobStore } from '../../../blob-store/blob-store.ts';
import { ReleaseSource } from '../../../controllers/inputs/release-source.ts';
import { listBackups, readManifest } from '../../../controllers/stores/backup-catalog.ts';
import { startManagementDouble } from '../../support/management-double.ts';
import { trusting } from '../../support/signing.ts';
import type { Answer, Form } from './answers.ts';
import { checkMessage } from '../oracles.ts';
import { give, httpPeer } from './peers.ts';

export interface Reader {
  readonly name: string;
  /** Reads the answer. It ends when the signal aborts, or earlier. */
  readonly read: (answer: Answer, signal: AbortSignal) => Promise<unknown>;
  /** What must show nowhere of it. Default: answers of stores are no secrets. */
  readonly secretsOf?: (answer: Answer) => readonly string[];
  /** It gets the answer as a whole, so none is slow. */
  readonly isAtOnce?: true;
}

const identity = 'acme.main';
const backupID = '20260105t020000z-3f9a1c';

export const readers: readonly Reader[] = [
  ofStore('a listing of a store', 'XML', 200, async (store, signal) => {
    for await (const { name } of store.list('backups/', signal)) if (name === '') break;
  }),
  ofStore('an error of a store', 'XML', 403, (store, signal) => store.properties('a', signal)),
  ofStore('an error of a store instead of content', 'XML', 409, (store, signal) =>
    store.read('a', 10, signal),
  ),
  ofStore('the answer to a write', 'XML', 201, (store, signal) =>
    store.create('a', Buffer.of(1), 'text/plain', signal),
  ),
  ofStore('a blob', 'Bytes', 200, (store, signal) => store.read('a', 1024 * 1024, signal)),
  ofStore('the backups of a store', 'XML', 200, (store, signal) =>
    listBackups(trusting(store), identity, signal),
  ),
  ofStore('a manifest of a backup', 'Bytes', 200, (store, signal) =>
    readManifest(trusting(store), identity, backupID, signal),
  ),
  ofStore('a manifest of a release', 'Bytes', 200, (store, signal) =>
    new ReleaseSource().load(store, '3.43.2', { namespace: 'acme', signal }),
  ),
  ofManagement('the management plane of a store', 200),
  ofManagement('an error of the management plane', 403),
];

function ofStore(
  name: string,
  form: Form,
  status: number,
  ask: (store: BlobStore, signal: AbortSignal) => Promise<unknown>,
): Reader {
  return {
    name,
    read: async (answer, signal) => {
      await using peer = await httpPeer(answer, form, status);
      const location = { endpoint: peer.url, container: 'backups' };
      return await ask(
        azureBlobStore(location, { kind: 'SAS', token: 'sig=x' }, { maximumTries: 1 }),
        signal,
      );
    },
  };
}

/** By Azure's own libraries, after a login that succeeds. */
function ofManagement(name: string, status: number): Reader {
  return {
    name,
    read: async (answer, signal) => {
      await using double = await startManagementDouble();
      double.instead = (response) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        give(answer, 'JSON', response);
      };
      const endpoint = 'https://acme.blob.core.windows.net';
      const access = managementAccess(double.resourceID('acme'), endpoint, double.secret);
      const told = await readRetention(access, 'backups', signal);
      if (told.kind === 'NotRead') checkMessage(told.detail, [double.secret.clientSecret]);
    },
  };
}
