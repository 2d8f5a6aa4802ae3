/**
 * Encryption at rest: which keys a physical backup needs, as its own backup-my.cnf says, and which lines of
 * that file are passed to the tool that prepares it. The tool takes its plugin and the places of keys and
 * files from there only. A backup may be forged, so lines that are not known are not passed on.
 */
import { JobError } from '../job-error.ts';

/** Its name in a backup, at the root. */
export const backupOptionsName = 'backup-my.cnf';
const plugin = 'file_key_management';
const pluginForms = new Set([plugin, `${plugin}=${plugin}`, `${plugin}=${plugin}.so`, `${plugin}.so`]);
const known: Readonly<Record<string, RegExp>> = {
  innodb_checksum_algorithm: /^[a-z0-9_]+$/,
  innodb_data_file_path:
    /^ibdata[0-9]*:[0-9]+[KMG]?(:autoextend(:max:[0-9]+[KMG]?)?)?(;ibdata[0-9]*:[0-9]+[KMG]?(:autoextend(:max:[0-9]+[KMG]?)?)?)*$/,
  innodb_log_file_size: /^[0-9]+$/,
  innodb_log_files_in_group: /^[0-9]+$/,
  innodb_page_size: /^[0-9]+$/,
  innodb_undo_directory: /^\.\/?$/,
  innodb_undo_tablespaces: /^[0-9]+$/,
  innodb_compression_level: /^[0-9]$/,
  innodb_encrypt_log: /^(0|1|ON|OFF)$/,
  innodb_encrypt_tables: /^(0|1|ON|OFF|FORCE)$/,
  // The tool's own code comes from its image, never from a volume.
  plugin_dir: /^"?\/usr\/(?!.*\.\.)[A-Za-z0-9/._-]+"?$/,
  [`${plugin}_encryption_algorithm`]: /^aes_c(bc|tr)$/i,
};

function optionsOf(text: string): readonly (readonly [name: string, value: string])[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const match = /^\s*([A-Za-z0-9_-]+)\s*=\s*(.*?)\s*$/.exec(line);
    return match === null
      ? []
      : [
          [
            (match[1] ?? '')
              .toLowerCase()
              .replaceAll('-', '_')
              .replace(/^loose_/, ''),
            match[2] ?? '',
          ] as const,
        ];
  });
}

/**
 * Where the backed-up server had its keys; undefined when it encrypts nothing.
 * @throws {JobError} DatabaseKeysMissing when the keys do not come from a file: no restore could have them.
 */
export function keyPathOf(text: string): string | undefined {
  const options = new Map(optionsOf(text));
  const load = options.get('plugin_load');
  if (load === undefined || load === '') return undefined;
  if (!pluginForms.has(load))
    throw new JobError(
      'DatabaseKeysMissing',
      `the database is encrypted at rest by ${clean(load)}, and only ${plugin} can be restored: back it up by method Logical`,
    );
  return options.get(`${plugin}_filename`) ?? '';
}

/**
 * The options that the preparing tool gets in place of those in the backup.
 * @param keyPaths files with keys that its container has. The last one is used when the backup names another
 * place.
 * @throws {JobError} DatabaseKeysMissing when it needs keys and has none.
 */
export function preparingOptions(text: string, keyPaths: readonly string[]): string {
  const lines = optionsOf(text).flatMap(([name, value]) =>
    Object.hasOwn(known, name) && known[name]?.test(value) === true ? [`${name}=${value}`] : [],
  );
  const options = new Map(optionsOf(text));
  const load = options.get('plugin_load') ?? '';
  if (load !== '') {
    const named = options.get(`${plugin}_filename`) ?? '';
    const path = keyPaths.find((one) => one === named) ?? keyPaths.at(-1);
    if (!pluginForms.has(load) || path === undefined) {
      throw new JobError(
        'DatabaseKeysMissing',
        `the backup's database is encrypted at rest (${clean(load)}, keys in ${clean(named)}), and the release says of no secret that it holds the keys (database.physical.keys); the old data was not touched`,
      );
    }
    const password = options.get(`${plugin}_filekey`) ?? '';
    const passwordFile = /^FILE:(.*)$/i.exec(password)?.[1];
    lines.push(`plugin_load=${plugin}=${plugin}`, `${plugin}_filename=${path}`);
    if (passwordFile === undefined ? /^[A-Za-z0-9]+$/.test(password) : keyPaths.includes(passwordFile))
      lines.push(`${plugin}_filekey=${password}`);
  }
  return `[mysqld]\n${lines.map((line) => `${line}\n`).join('')}`;
}

/** Finds in the tool's log that it had no keys. The tool still ends with 0 and "completed OK!". */
export function lackedKeys(log: string): string | undefined {
  return log
    .split('\n')
    .find((line) =>
      /\[ERROR\].*(registration as a ENCRYPTION failed|Plugin '[^']*' init function returned error|encryption key|key management plugin|cannot be decrypted)/i.test(
        line,
      ),
    )
    ?.slice(0, 300);
}

/** Prepares a value for a message. */
function clean(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}
