/** Every place where the operator reads an answer of a store, each with how to bring it to read one. */
import { createHash } from 'node:crypto';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createZstdCompress } from 'node:zlib';
import type { Manifest } from '../../../backup-format/manifest.ts';
import { paths } from '../../../backup-format/names.ts';
import { azureBlobStore } from '../../../blob-store/azure/azure-store.ts';
import { managementAccess } from '../../../blob-store/azure/management-access.ts';
import { readRetention } from '../../../blob-store/azure/management.ts';
import type { BlobStore } from '../../../blob-store/blob-store.ts';
import { ReleaseSource } from '../../../controllers/inputs/release-source.ts';
import { MemoryBlobStore } from '../../../blob-store/memory.ts';
import { CommandError } from '../../../command-line/terminal.ts';
import { Registry } from '../../../operator/commands/release/registry.ts';
import { ArchiveError } from '../../../release/archive/archive-error.ts';
import { checkArchive } from '../../../release/archive/read-archive.ts';
import { download } from '../../../toolbox/download.ts';
import { listBackups, readManifest, readPackList } from '../../../controllers/stores/backup-catalog.ts';
import { startManagementDouble } from '../../support/management-double.ts';
import { trusting } from '../../support/signing.ts';
import type { Answer, Form } from './answers.ts';
import { checkMessage } from '../oracles.ts';
import { hostileServer } from './hostile-peers.ts';
import { give } from './peers.ts';

export interface Reader {
  readonly name: string;
  /** Reads the answer. It ends when the signal aborts, or earlier. */
  readonly read: (answer: Answer, signal: AbortSignal) => Promise<unknown>;
  /** What must show nowhere of it. Default: answers of stores are no secrets. */
  readonly secretsOf?: (answer: Answer) => readonly string[];
  /** It gets the answer as a whole, so none is slow. */
  readonly isAtOnce?: true;
  /** Its peer runs in this process, and sending byte by byte costs more than reading so. */
  readonly isBesidePeer?: true;
  /** It follows what may go on for ever, and keeps none of it. Only its caller ends it. */
  readonly isStream?: true;
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
  ofStore('a part of a blob', 'Bytes', 206, (store, signal) => store.readRange('a', 0, 1024 * 1024, signal)),
  ofStore('the data of a release', 'Bytes', 200, async (store, signal) => {
    const url = await store.readUrl('a', 60);
    const set = { kind: 'FileTree', name: 'a', url, bytes: 1024 * 1024, sha256: '0'.repeat(64) } as const;
    await using folder = await mkdtempDisposable(join(tmpdir(), 'jtel-security-'));
    const pauses = { firstSeconds: 0.01, longestSeconds: 0.01 };
    await download(set, join(folder.path, 'a'), () => undefined, signal, pauses);
  }),
  {
    name: 'an archive of a release',
    isAtOnce: true,
    read: async (answer, signal) => {
      const archive = Readable.from(compressed(answer, 64 * 1024 * 1024));
      await checkArchive(archive, signal).catch((error: unknown) => {
        if (!(error instanceof ArchiveError)) throw error;
        checkMessage(error.message, []);
      });
    },
  },
  {
    name: 'the pack list of a backup',
    isAtOnce: true,
    read: async (answer, signal) => {
      const stored = await buffer(compressed(answer, 24 * 1024 * 1024));
      const store = new MemoryBlobStore();
      const name = 'packs.zst';
      await store.create(paths.part(identity, backupID, name), stored, 'application/zstd', signal);
      const packList = {
        name,
        bytes: stored.length,
        sha256: createHash('sha256').update(stored).digest('hex'),
      };
      const totals = { packs: 1, storedBytes: 1 };
      await readPackList(store, { identity, backupID, packList, totals } as Manifest, signal);
    },
  },
  ofRegistry('a manifest of an image', 200, false),
  ofRegistry('an error of a registry', 500, false),
  ofRegistry('the token of a registry', 200, true),
];

/** What a hostile writer compressed; at most so many bytes before that. */
async function* compressed({ pieces }: Answer, longest: number): AsyncGenerator<Buffer> {
  const whole = function* (): Generator<Buffer> {
    let bytes = 0;
    for (const part of pieces('Bytes')) {
      if (bytes >= longest) return;
      const piece = Buffer.from(part);
      bytes += Math.max(1, piece.length);
      yield piece;
    }
  };
  yield* Readable.from(whole()).compose(createZstdCompress()) as AsyncIterable<Buffer>;
}

function ofRegistry(name: string, status: number, asksForToken: boolean): Reader {
  return {
    name,
    read: async (answer, signal) => {
      const closedPath = asksForToken ? '/v2/' : undefined;
      const order = { answer: answer.name, form: 'JSON', status, closedPath } as const;
      await using peer = await hostileServer(order);
      const access = { endpoint: new URL(peer.url).origin };
      await new Registry(access).digest('jtel/web', '1', signal).catch((error: unknown) => {
        signal.throwIfAborted();
        if (!(error instanceof CommandError)) throw error;
        checkMessage(error.message, []);
      });
    },
  };
}

function ofStore(
  name: string,
  form: Form,
  status: number,
  ask: (store: BlobStore, signal: AbortSignal) => Promise<unknown>,
): Reader {
  return {
    name,
    read: async (answer, signal) => {
      await using peer = await hostileServer({ answer: answer.name, form, status });
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
    isBesidePeer: true,
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
