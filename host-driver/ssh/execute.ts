/**
 * Runs one command on a connection. sshd sends the exit code in a message of its own. A lost connection
 * raises no error but leaves that message out, so a missing code means an unknown outcome, never a success.
 * Both streams are always read: an undrained stderr stalls the channel after 2 MiB.
 */
import type { Client, ClientChannel } from 'ssh2';
import { ByteCollector, ByteTail } from '../../base/byte-collector.ts';
import { HostError } from '../host.ts';
import { MarkedStream, markedCommand, newMark } from './delimit.ts';
import { orDisconnect } from './or-disconnect.ts';

/** Only the last words are kept, and progress may be long. */
const longestStderr = 64 * 1024 * 1024;

export interface ExecuteOptions {
  readonly stdin?: string | Buffer;
  /**
   * After this time the channel is closed and the outcome is unknown. What runs on the host needs its own
   * limit.
   */
  readonly timeoutSeconds: number;
  /** A host that writes more to stdout is disconnected. Default 4 MiB, as for a look. */
  readonly maximumBytes?: number;
}

export interface ExecuteResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What the login shell printed before the command, shortened. Absent if it was silent. */
  readonly noise?: string;
}

/**
 * @param host name for messages.
 * @throws HostError OutcomeUnknown when no exit code came back, HostUnreachable when the command never
 * started;
 *   the signal's reason after an abort.
 */
export async function execute(
  client: Client,
  host: string,
  command: string,
  options: ExecuteOptions,
  signal: AbortSignal,
): Promise<ExecuteResult> {
  signal.throwIfAborted();
  return await new Promise<ExecuteResult>((resolve, reject) => {
    const aborted = () => reject(signal.reason);
    signal.addEventListener('abort', aborted, { once: true });
    // Some hosts take a command and never say that they did.
    let isLeft = false;
    const timer = setTimeout(() => {
      isLeft = true;
      answered();
      reject(unknown(host, `it was not started within ${options.timeoutSeconds} s`));
    }, options.timeoutSeconds * 1000);
    const answered = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
    };
    const failed = (error: unknown) => {
      answered();
      reject(startError(host, error));
    };
    const mark = newMark();
    try {
      const taken = orDisconnect(client, (error, channel) => {
        if (error) return failed(error);
        answered();
        // There must be no await before this: success, output and exit code of a quick command can be in one
        // packet, and ssh2 emits 'exit' as it reads it, whether anybody listens or not.
        if (signal.aborted || isLeft) channel.close();
        else resolve(collect({ client, channel }, host, mark, options, signal));
      });
      client.exec(markedCommand(mark, command), taken);
    } catch (error) {
      failed(error);
    }
  });
}

function collect(
  { client, channel }: { readonly client: Client; readonly channel: ClientChannel },
  host: string,
  mark: string,
  options: ExecuteOptions,
  signal: AbortSignal,
): Promise<ExecuteResult> {
  const limit = options.maximumBytes ?? 4 * 1024 * 1024;
  return new Promise<ExecuteResult>((resolve, reject) => {
    const stdout = new ByteCollector();
    const stderr = new ByteTail(Math.min(limit, 64 * 1024));
    let code: number | undefined;
    let signalName: string | undefined;
    const timer = setTimeout(
      () => finish(() => reject(unknown(host, `no answer within ${options.timeoutSeconds} s`))),
      options.timeoutSeconds * 1000,
    );
    const aborted = () => finish(() => reject(signal.reason));
    const finish = (end: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
      channel.close();
      end();
    };
    signal.addEventListener('abort', aborted, { once: true });
    const [said, complained] = [new MarkedStream(mark), new MarkedStream(mark)];
    // Nobody waits for the end of what has none. It has no end after a close of the channel either.
    const flooded = (what: string) => {
      finish(() => reject(unknown(host, what)));
      client.destroy();
    };
    channel.on('data', (chunk: Buffer) => {
      stdout.add(said.add(chunk));
      if (stdout.length > limit) return flooded(`the command wrote more than ${limit} bytes`);
      if (said.isEndless) finish(() => reject(shellRunsNothing(host, said.noise())));
    });
    channel.stderr.on('data', (chunk: Buffer) => {
      stderr.add(complained.add(chunk));
      if (stderr.bytesRead > longestStderr || complained.isEndless)
        return flooded(`more than ${longestStderr} bytes of errors`);
    });
    channel.on('exit', (exitCode: number | null, name?: string) => {
      code = exitCode ?? undefined;
      signalName = name;
    });
    // The remote side may close its stdin while we still write. The exit code tells what happened.
    channel.on('error', () => undefined);
    channel.on('close', () =>
      finish(() => {
        if (code === undefined) {
          reject(
            unknown(
              host,
              signalName === undefined ? 'the connection was lost' : `the command was ended by ${signalName}`,
            ),
          );
        } else if (!said.isOpen) {
          reject(shellRunsNothing(host, [said.noise(), complained.noise()].filter(Boolean).join(' ')));
        } else {
          const noise = said.noise() || (complained.isOpen ? complained.noise() : '');
          resolve({
            code,
            stdout: stdout.bytes().toString('utf8'),
            stderr: stderr.text(),
            ...(noise === '' ? {} : { noise }),
          });
        }
      }),
    );
    channel.end(options.stdin ?? '');
  });
}

function startError(host: string, cause: unknown): HostError {
  const message = cause instanceof Error ? cause.message : String(cause);
  // ssh2 says this when the connection was lost between the request and its answer. The command may be
  // running.
  if (message.includes('No response from server')) return unknown(host, 'the connection was lost');
  return new HostError('HostUnreachable', host, `no command could be started on ${host}: ${message}`, cause);
}

/**
 * The login shell ended without the command: it is not a shell, or its profile ends it. Nothing was done on
 * the host.
 */
export function shellRunsNothing(host: string, said: string): HostError {
  const what = said === '' ? 'it said nothing' : `it said: ${said}`;
  return new HostError(
    'HostUnreachable',
    host,
    `the login shell on ${host} runs no commands (${what}): give the SSH user a POSIX shell whose profile lets commands through`,
  );
}

function unknown(host: string, what: string): HostError {
  return new HostError(
    'OutcomeUnknown',
    host,
    `a command on ${host} ended without a result (${what}): observe the host again`,
  );
}
