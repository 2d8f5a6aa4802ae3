/** The words for what is not in a backup as it was; pure. */

import type { DataSet, LeftOut, LeftOutKind } from '../../../backup-format/data-set.ts';

/** One, and several. */
const words: Readonly<Record<LeftOutKind, readonly [string, string]>> = {
  Excluded: ["entry by the release's globs", "entries by the release's globs"],
  Pipe: ['pipe', 'pipes'],
  Socket: ['socket', 'sockets'],
  Device: ['device', 'devices'],
  TooLong: ['path that is too long', 'paths that are too long'],
  Unreadable: ['entry that could not be read', 'entries that could not be read'],
  Vanished: ['file that vanished before it was read', 'files that vanished before they were read'],
  Changed: [
    'file that changed while it was read, twice, and is there as the second read found it',
    'files that changed while they were read, twice, and are there as the second read found them',
  ],
  Attribute: ['entry with attributes that no backup keeps', 'entries with attributes that no backup keeps'],
  TableRows: [
    'table whose rows are not in it, by its engine',
    'tables whose rows are not in it, by their engine',
  ],
  View: ['view that refers to what is not there', 'views that refer to what is not there'],
  Grant: ['right to what the backup does not have', 'rights to what the backup does not have'],
};

type Told = Pick<DataSet, 'name'> & { readonly leftOut?: readonly LeftOut[] };

/**
 * A phrase with an example for each kind of entry that was left out, except on purpose. Empty when there is
 * none.
 */
export function leftOutPhrases(dataSets: readonly Told[]): readonly string[] {
  return dataSets.flatMap(({ name, leftOut = [] }) =>
    leftOut.flatMap(({ kind, entries, examples: [example] = [] }) => {
      if (kind === 'Excluded') return [];
      const which = example === undefined ? '' : ` (${entries === 1 ? '' : 'such as '}${example})`;
      return [`${entries} ${words[kind][entries === 1 ? 0 : 1]} in ${name}${which}`];
    }),
  );
}
