/** What is in schemas, by name and engine. */
import { quoteName } from './conversation.ts';
import type { Rows } from './conversation.ts';

export interface Table {
  readonly schema: string;
  readonly name: string;
  /** With its schema, quoted. */
  readonly quoted: string;
  readonly kind: 'Table' | 'View' | 'Sequence';
  /** Whether it keeps rows that were changed or deleted. */
  readonly hasHistory: boolean;
  readonly engine: string;
  readonly isTransactional: boolean;
  readonly bytes: number;
}

const kinds: Readonly<Record<string, Table['kind']>> = {
  'BASE TABLE': 'Table',
  'SYSTEM VERSIONED': 'Table',
  VIEW: 'View',
  SEQUENCE: 'Sequence',
};

/** Engines whose rows are elsewhere or in other tables: mariadb-dump's list (`--no-data-med`). */
const rowsElsewhere = new Set([
  'CONNECT',
  'FEDERATED',
  'FEDERATEDX',
  'SPIDER',
  'OQGRAPH',
  'VP',
  'MRG_MYISAM',
  'BLACKHOLE',
  'S3',
]);
/** Engines whose files mariadb-backup copies. */
const copied = new Set(['INNODB', 'ARIA', 'MYISAM', 'MRG_MYISAM', 'CSV', 'ARCHIVE', 'ROCKSDB', 'BLACKHOLE']);

/** Whether its rows are dumped and counted. */
export function hasRows({ kind, engine }: Pick<Table, 'kind' | 'engine'>): boolean {
  return kind === 'Table' && !rowsElsewhere.has(engine.toUpperCase());
}

/** Whether a backup of this kind has only its definition. */
export function isWithoutRows(
  { kind, engine }: Pick<Table, 'kind' | 'engine'>,
  method: 'Physical' | 'Logical',
): boolean {
  if (kind !== 'Table') return false;
  return (
    rowsElsewhere.has(engine.toUpperCase()) ||
    (method === 'Physical' && engine !== '' && !copied.has(engine.toUpperCase()))
  );
}

/** @param schemas names that need no quotes. */
export function tablesQuery(schemas: readonly string[]): string {
  return `SELECT HEX(t.table_schema), HEX(t.table_name), t.table_type, IFNULL(t.engine, ''), IFNULL(e.transactions, 'NO'), IFNULL(t.data_length, 0)
    FROM information_schema.tables t LEFT JOIN information_schema.engines e ON e.engine = t.engine
    WHERE t.table_schema IN (${schemas.map((schema) => `'${schema}'`).join(', ')}) ORDER BY 1, 2`;
}

/**
 * Parses the answer to {@link tablesQuery}.
 * @param encoding of names: text, or bytes as in a conversation.
 */
export function readTables(rows: Rows, encoding: 'utf8' | 'latin1'): readonly Table[] {
  return rows.flatMap(
    ([schemaHex = '', nameHex = '', type = '', engine = '', transactions = '', bytes = '0']) => {
      const kind = kinds[type];
      if (kind === undefined) return [];
      const [schema = '', name = ''] = [schemaHex, nameHex].map((hex) =>
        Buffer.from(hex, 'hex').toString(encoding),
      );
      return [
        {
          schema,
          name,
          quoted: quoteName(schema, name),
          kind,
          hasHistory: type === 'SYSTEM VERSIONED',
          engine,
          isTransactional: transactions === 'YES',
          bytes: Number(bytes),
        },
      ];
    },
  );
}

export function countQuery({ quoted, hasHistory }: Pick<Table, 'quoted' | 'hasHistory'>): string {
  return `SELECT COUNT(*) FROM ${quoted}${hasHistory ? ' FOR SYSTEM_TIME ALL' : ''}`;
}
