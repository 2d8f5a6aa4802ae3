/**
 * A release's database updates as data: files `NNNN-name.sql`, each a list of steps that start with `-- step:
 * title`. MariaDB commits schema changes at once, so an update cannot be one transaction. Each step can be
 * run twice (IF NOT EXISTS, WHERE … IS NULL), and progress is recorded after every step.
 */

export interface UpdateStep {
  readonly title: string;
  /** Statements without the final semicolon. */
  readonly statements: readonly string[];
}

export interface Update {
  /** Schema version of the database afterwards. */
  readonly version: number;
  readonly name: string;
  readonly steps: readonly UpdateStep[];
}

/** What table jtel.schema_version says about one update. */
export interface RecordedUpdate {
  readonly version: number;
  readonly stepsDone: number;
  readonly finished: boolean;
  readonly release: string;
}

/** One step to run now. */
export interface PlannedStep {
  readonly update: Update;
  /** From 1. */
  readonly number: number;
  readonly step: UpdateStep;
}

/** @throws {Error} for a file that is not an update. */
export function parseUpdate(fileName: string, text: string): Update {
  const match = /^(\d{4})-([a-z0-9-]+)\.sql$/.exec(fileName);
  if (match === null) throw new Error(`${fileName}: update files are called NNNN-name.sql`);
  const [head = '', ...parts] = text.split(/^-- step: /m);
  if (parts.length === 0 || /^[^-\s]/m.test(head))
    throw new Error(`${fileName}: every statement belongs below a line "-- step: title"`);
  const steps = parts.map((part) => {
    const [title = '', ...lines] = part.split('\n');
    const statements = lines
      .filter((line) => !line.startsWith('--'))
      .join('\n')
      .split(/;[ \t]*$/m)
      .map((statement) => statement.trim())
      .filter((statement) => statement !== '');
    if (statements.length === 0) throw new Error(`${fileName}: step "${title}" has no statement`);
    return { title: title.trim(), statements };
  });
  return { version: Number(match[1]), name: match[2] ?? '', steps };
}

/** A newer release wrote the data: nothing may change them. */
export class DataTooNew extends Error {
  override readonly name = 'DataTooNew';
}

/**
 * The steps that are still to run, in order.
 * @throws {DataTooNew} if the database has a version that these updates do not know.
 */
export function planUpdates(
  updates: readonly Update[],
  recorded: readonly RecordedUpdate[],
  ownRelease: string,
): readonly PlannedStep[] {
  const known = Math.max(0, ...updates.map((update) => update.version));
  const newest = recorded.toSorted((a, b) => b.version - a.version)[0];
  if (newest !== undefined && newest.version > known) {
    throw new DataTooNew(
      `the database has schema version ${newest.version} of release ${newest.release}; release ${ownRelease} knows ${known}: ` +
        `install release ${newest.release} or newer, or restore a backup made before the update`,
    );
  }
  return updates
    .toSorted((a, b) => a.version - b.version)
    .flatMap((update) => {
      const record = recorded.find((candidate) => candidate.version === update.version);
      if (record?.finished === true) return [];
      const done = record?.stepsDone ?? 0;
      return update.steps.map((step, index) => ({ update, number: index + 1, step })).slice(done);
    });
}
