/** Job `probe`: is there data, and which load wrote it? Changes nothing. */
import { DatabaseClient } from './database/client.ts';
import { listObjects, readDatabaseMarker } from './database/content.ts';
import { lookAtTree } from './files/tree.ts';
import type { Found, Marker } from './marker.ts';
import type { ProbeSpec } from './spec.ts';
import type { DatabaseSpec } from './database/client.ts';

const examplesShown = 5;

export interface ProbeResult {
  readonly database?: { readonly empty: boolean; readonly tables: number; readonly marker?: Marker };
  readonly fileTrees: readonly {
    readonly name: string;
    readonly empty: boolean;
    readonly entries: number;
    readonly marker?: Marker;
  }[];
}

/** Tables, views, routines and events count: a schema without any is empty. */
export async function lookAtDatabase(client: DatabaseClient, spec: DatabaseSpec): Promise<Found> {
  const names = await listObjects(client, spec.schemas);
  return {
    what: 'the database',
    marker: await readDatabaseMarker(client),
    entries: names.length,
    examples: names.slice(0, examplesShown),
  };
}

export async function probe(spec: ProbeSpec, signal: AbortSignal): Promise<ProbeResult> {
  const { database, fileTrees } = spec;
  const inDatabase =
    database === undefined
      ? undefined
      : await DatabaseClient.with(database, signal, (client) => lookAtDatabase(client, database));
  const inTrees = await Promise.all(
    fileTrees.map(async (tree) => {
      const found = await lookAtTree(tree);
      return { name: tree.name, empty: found.entries === 0, entries: found.entries, ...markerOf(found) };
    }),
  );
  return {
    ...(inDatabase === undefined
      ? {}
      : {
          database: { empty: inDatabase.entries === 0, tables: inDatabase.entries, ...markerOf(inDatabase) },
        }),
    fileTrees: inTrees,
  };
}

function markerOf(found: Found): { readonly marker?: Marker } {
  return found.marker === undefined ? {} : { marker: found.marker };
}
