/**
 * How a job and its companion, a container of the stack's own database image, work together over the exchange
 * volume. The scripts are constants; nothing is ever inserted into their text. The driver puts option files
 * (0600) into the companion, and `--defaults-file` makes mariadb-backup read nothing else.
 */

/** Mount point of the exchange volume, in job and companion. */
export const exchangePath = '/run/exchange';

/** Names in the exchange volume. */
export const exchange = {
  /** The companion writes it when it has begun; a pipe is then open for writing. */
  started: 'started',
  /** The backup job writes it when it has opened the pipe. From then on the end of the pipe ends the tool. */
  reading: 'reading',
  /** The named pipe; the first of the two makes it. */
  stream: 'stream',
  /** The tool's error output. */
  log: 'log',
  /** The tool's exit code in decimal, renamed into place when the tool has ended. */
  exitCode: 'exit-code',
  /** The restore job writes it when all files are in place; the companion then prepares them. */
  prepare: 'prepare',
  /**
   * The companion touches it every two seconds while it prepares, because a killed one writes no exit code.
   */
  alive: 'alive',
} as const;

/**
 * Where files of the database's own container wait until they are copied to their places: what is put in
 * before the start lies below its tmpfs.
 */
const ownFilesPath = '/run/jtel/own';

/** Files as the driver puts them in, so the companion finds each at its path. */
export function atOwnPlaces(files: readonly CompanionFile[]): readonly CompanionFile[] {
  return files.map((file) => ({ ...file, path: `${ownFilesPath}${file.path}` }));
}

/** The tool's last words. Without them a backup or a preparation is not complete, whatever the exit code. */
export const completionMark = 'completed OK!';

/** Where the driver puts the option file into the companion. */
export const optionFilePath = '/run/jtel/companion.cnf';

/**
 * For a server that refuses TLS as the first file asks for it; present only if the release leaves that open.
 */
const openOptionFilePath = '/run/jtel/companion-open.cnf';

/** Entry point of both companions: a shell, which every image has. */
export const companionEntrypoint: readonly string[] = ['/bin/sh', '-c'];

const prologue = `set -u
umask 077
cd ${exchangePath} || exit 1
[ ! -d ${ownFilesPath} ] || cp -R ${ownFilesPath}/. / || exit 1
tool=mariadb-backup
command -v "$tool" >/dev/null 2>&1 || tool=mariabackup
finish() { printf '%s\\n' "$1" > ${exchange.exitCode}.new && mv ${exchange.exitCode}.new ${exchange.exitCode}; exit "$1"; }
`;

/**
 * Streams a physical backup into the pipe. It runs as root beside the database, whose volume is mounted
 * read-only where the server has it. It ends if the reader goes away. The tool does not wait for the reader:
 * a shell beside it holds the pipe open for reading until the reader comes, at most three minutes. It uses
 * two threads: the tool reads past the page cache and then writes what it read, so with one thread either the
 * disk or the pipe would be idle.
 */
export const backupScript = `${prologue}[ -p ${exchange.stream} ] || mkfifo ${exchange.stream} 2>/dev/null || [ -p ${exchange.stream} ] || finish 126
exec 4<> ${exchange.stream}
(tries=0; while [ $tries -lt 3600 ] && [ ! -e ${exchange.reading} ]; do sleep 0.05; tries=$((tries + 1)); done) &
holder=$!
exec 3> ${exchange.stream} 4<&-
: > ${exchange.started}
run() { "$tool" --defaults-file="$1" --backup --parallel=2 --stream=xbstream --target-dir=/tmp >&3 2> ${exchange.log} 3>&-; }
run ${optionFilePath}
code=$?
if [ $code != 0 ] && [ -e ${openOptionFilePath} ] && grep -Eq 'Failed to connect to .*(SSL|TLS)' ${exchange.log}; then
  run ${openOptionFilePath}
  code=$?
fi
# Whoever opens the pipe after its last writer has gone never hears that it ended.
wait $holder
finish $code
`;

/** Where the driver puts the name of the directory to prepare. */
const targetPath = '/run/jtel/target';

/**
 * Prepares restored files when the job says so. It runs as root, with the volume mounted for writing. Options
 * come from the files' own backup-my.cnf, which the job has written anew. With another option file the tool
 * does not pass on the place of the keys of encryption at rest; without any it reads the image's file.
 */
export const prepareScript = `${prologue}: > ${exchange.started}
target=$(cat ${targetPath})
while [ ! -e ${exchange.prepare} ]; do sleep 0.1; done
: > ${exchange.alive}
while :; do sleep 2; : > ${exchange.alive}; done &
beat=$!
"$tool" --defaults-file="$target/backup-my.cnf" --prepare --target-dir="$target" --use-memory=64M > ${exchange.log} 2>&1
code=$?
kill $beat
finish $code
`;

export interface BackupServer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** The release asks for TLS with a certificate checked by this file in the companion. */
  readonly tls?: { readonly certificateAuthority?: string | undefined };
}

/** Option files for {@link backupScript}. @throws {TypeError} for values that option files cannot hold. */
export function backupOptionFiles({
  host,
  port,
  user,
  password,
  tls,
}: BackupServer): readonly CompanionFile[] {
  const options = [
    ['protocol', 'tcp'],
    ['host', host],
    ['port', String(port)],
    ['user', user],
    ['password', password],
  ] as const;
  const file = (
    path: string,
    ...more: readonly (readonly [name: string, value: string])[]
  ): CompanionFile => ({ path, content: optionFile([...options, ...more]), mode: 0o600 });
  // For a server without TLS, or one that cannot prove its certificate: connects as clients of that server's
  // own series do.
  if (tls === undefined)
    return [file(optionFilePath), file(openOptionFilePath, ['ssl-verify-server-cert', '0'])];
  const authority = tls.certificateAuthority;
  return [
    file(
      optionFilePath,
      ['ssl', '1'],
      ['ssl-verify-server-cert', '1'],
      ...(authority === undefined ? [] : [['ssl-ca', authority] as const]),
    ),
  ];
}

/** Files that are put into a companion before its start. */
export interface CompanionFile {
  readonly path: string;
  readonly content: string;
  readonly mode: number;
}

/** For {@link prepareScript}. @param targetDirectory the data directory as the companion sees it. */
export function prepareFile(targetDirectory: string): CompanionFile {
  return { path: targetPath, content: targetDirectory, mode: 0o600 };
}

function optionFile(options: readonly (readonly [name: string, value: string])[]): string {
  const lines = options.map(([name, value]) => {
    // oxlint-disable-next-line no-control-regex -- control characters are what is refused
    if (/[\u0000-\u001F\u007F]/.test(value))
      throw new TypeError(`option ${name} contains control characters`);
    return `${name}="${value.replaceAll(/[\\"]/g, (character) => `\\${character}`)}"\n`;
  });
  return `[mariabackup]\n${lines.join('')}`;
}
