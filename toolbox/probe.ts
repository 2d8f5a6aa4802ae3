/** Job `probe`: is there data, and which load wrote it? Changes nothing. */
import { DatabaseClient } from './database/client.ts';
import { listObjects, readDatabaseMarker } from './database/content.ts';
import { lookAtTree } from './files/tree.ts';
import type { Found } from './marker.ts';
import type { DatabaseAccess } from '../jobs/values.ts';
import type { Marker, ProbeJobInput, ProbeJobResult } from '../jobs/load.ts';

const examplesShown = 5;

/** Tables, views, routines and events count. A schema without any is empty. */
export async function lookAtDatabase(client: DatabaseClient, spec: DatabaseAccess): Promise<Found> {
  const names = await listObjects(client, spec.schemas);
  return {
    what: 'the database',
    marker: await readDatabaseMarker(client),
    entries: names.length,
    examples: names.slice(0, examplesShown),
  };
}

export async function probe(spec: ProbeJobInput, signal: AbortSignal): Promise<ProbeJobResult> {
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
