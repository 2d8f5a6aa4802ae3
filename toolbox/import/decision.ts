/**
 * Whether an import may write. Unfinished data are the stack's own, from wherever they came: each try compares all of
 * them. Finished ones are of one old database only. A spec that names another one since must not take them for its own,
 * nor must vanilla data that the stack is to begin with instead.
 */
import { createHash } from 'node:crypto';
import type { ImportJobInput } from '../../jobs/import.ts';
import { decide, type Found, type LoadDecision } from '../marker.ts';

type Asked = Pick<ImportJobInput, 'loadID' | 'schemas'> & {
  readonly source: Pick<ImportJobInput['source'], 'host' | 'port'>;
};

/** @throws {JobError} DataNotEmpty when the data is not this import's own. */
export function decideImport(found: Found, asked: Asked): LoadDecision {
  return decide(found, found.marker?.state === 'loaded' ? finishedID(asked) : asked.loadID);
}

/** Marks data that count. */
export function finishedID({ loadID, source: { host, port }, schemas }: Asked): string {
  const from = createHash('sha256').update(JSON.stringify([host, port, schemas.toSorted()]));
  return `${loadID}-from-${from.digest('hex').slice(0, 12)}`;
}
