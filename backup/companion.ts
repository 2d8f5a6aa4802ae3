/**
 * How a job and its companion, a container of the stack's own database image, work together over the exchange volume. The
 * scripts are constants: nothing is ever put into their text. What they need lies in option files (0600) that the driver
 * puts into the companion: `--defaults-file` makes them all that mariadb-backup reads.
 */

/** Mount point of the exchange volume, in job and companion. */
export const exchangePath = '/run/exchange';

/** Names in the exchange volume. */
export const exchange = {
  /** Written by the companion when it has begun, before it opens the pipe. */
  started: 'started',
  /** The named pipe; whoever comes first makes it. */
  stream: 'stream',
  /** What the tool said (stderr). */
  log: 'log',
  /** The tool's exit code in decimal, renamed into place when it has ended. */
  exitCode: 'exit-code',
  /** Written by the restore job when all files are in place: the companion then prepares them. */
  prepare: 'prepare',
  /** Touched every two seconds while the companion prepares: one that was killed writes no exit code. */
  alive: 'alive',
} as const;

/** The tool's last words, without which a backup or a preparation is not whole, whatever the exit code. */
export const completionMark = 'completed OK!';

/** Where the driver puts the option file into the companion. */
export const optionFilePath = '/run/jtel/companion.cnf';

/** Entry point of both companions: a shell that every image has. */
export const companionEntrypoint: readonly string[] = ['/bin/sh', '-c'];

const prologue = `set -u
umask 077
cd ${exchangePath} || exit 1
tool=mariadb-backup
command -v "$tool" >/dev/null 2>&1 || tool=mariabackup
finish() { printf '%s\\n' "$1" > ${exchange.exitCode}.new && mv ${exchange.exitCode}.new ${exchange.exitCode}; exit "$1"; }
`;

/**
 * Streams a physical backup into the pipe. Run as root beside the database, whose volume is mounted (read-only) where the
 * server has it. A reader that goes away ends it. Two threads: the tool reads past the page cache and then writes what it read,
 * so that with one thread either the disk or the pipe is idle.
 */
export const backupScript = `${prologue}[ -p ${exchange.stream} ] || mkfifo ${exchange.stream} 2>/dev/null || [ -p ${exchange.stream} ] || finish 126
: > ${exchange.started}
exec 3> ${exchange.stream}
"$tool" --defaults-file=${optionFilePath} --backup --parallel=2 --stream=xbstream --target-dir=/tmp >&3 2> ${exchange.log} 3>&-
finish $?
`;

/**
 * Prepares restored files when the job says so. The option file has `target-dir`. Run as root, the volume mounted for
 * writing.
 */
export const prepareScript = `${prologue}: > ${exchange.started}
while [ ! -e ${exchange.prepare} ]; do sleep 0.1; done
: > ${exchange.alive}
while :; do sleep 2; : > ${exchange.alive}; done &
beat=$!
"$tool" --defaults-file=${optionFilePath} --prepare > ${exchange.log} 2>&1
code=$?
kill $beat
finish $code
`;

/** Option file for {@link backupScript}. @throws {TypeError} for what option files cannot hold. */
export function backupOptionFile(server: { readonly host: string; readonly port: number; readonly user: string; readonly password: string }): string {
  return optionFile([['protocol', 'tcp'], ['host', server.host], ['port', String(server.port)], ['user', server.user], ['password', server.password]]);
}

/** Option file for {@link prepareScript}. @param targetDirectory the data directory as the companion sees it. */
export function prepareOptionFile(targetDirectory: string): string {
  return optionFile([['target-dir', targetDirectory], ['use-memory', '64M']]);
}

function optionFile(options: readonly (readonly [name: string, value: string])[]): string {
  const lines = options.map(([name, value]) => {
    // oxlint-disable-next-line no-control-regex -- control characters are what is refused
    if (/[\u0000-\u001F\u007F]/.test(value)) throw new TypeError(`option ${name} contains control characters`);
    return `${name}="${value.replaceAll(/[\\"]/g, (character) => `\\${character}`)}"\n`;
  });
  return `[mariabackup]\n${lines.join('')}`;
}
