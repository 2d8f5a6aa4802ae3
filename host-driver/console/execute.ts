/**
 * Runs a command in a container: `docker exec` on the host, in its own SSH session, with a terminal if the
 * person has one.
 */
import { Transform } from 'node:stream';
import type { Readable } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import type { CommandStreams } from '../console.ts';
import { HostError } from '../host.ts';
import type { Connection } from '../ssh/connection.ts';
import { MarkedStream, markedCommand, newMark } from '../ssh/delimit.ts';
import { shellRunsNothing } from '../ssh/execute.ts';
import { orDisconnect } from '../ssh/or-disconnect.ts';
import { commandLine } from '../ssh/quote.ts';

export async function executeInContainer(
  connection: Connection,
  containerID: string,
  command: readonly string[],
  streams: CommandStreams,
  signal: AbortSignal,
): Promise<number> {
  if (!/^[0-9a-f]{12,64}$/.test(containerID))
    throw new TypeError(`${JSON.stringify(containerID.slice(0, 80))} is no container id`);
  if (command.length === 0) throw new TypeError('there is no command to run');
  const flags = [
    ...(streams.stdin === undefined ? [] : ['--interactive']),
    ...(streams.terminal === undefined ? [] : ['--tty']),
  ];
  // Docker's options end at the container, so the command may begin with anything.
  const line = `exec docker exec ${flags.join(' ')} ${containerID} ${commandLine(command)}`;
  return await connection.withSession(signal, () =>
    start(connection.client, connection.host, line, streams, signal),
  );
}

function start(
  client: Client,
  host: string,
  line: string,
  streams: CommandStreams,
  signal: AbortSignal,
): Promise<number> {
  signal.throwIfAborted();
  const { terminal } = streams;
  // On a terminal, people see what their login shell prints. A file or a pipe gets only the command's output.
  const mark = terminal === undefined ? newMark() : undefined;
  const command = mark === undefined ? line : markedCommand(mark, line);
  const pty =
    terminal === undefined
      ? {}
      : { pty: { term: terminal.type, cols: terminal.size().columns, rows: terminal.size().rows } };
  return new Promise((resolve, reject) => {
    const failed = (error: unknown): void =>
      reject(
        new HostError(
          'HostUnreachable',
          host,
          `no command could be started on ${host}: ${error instanceof Error ? error.message : String(error)}`,
          error,
        ),
      );
    try {
      // There must be no await before this: output and exit code of a quick command can be in the packet that
      // says it was started.
      const opened = orDisconnect(client, (error, channel) =>
        error ? failed(error) : resolve(run(channel, host, mark, streams, signal)),
      );
      client.exec(command, pty, opened);
    } catch (error) {
      failed(error);
    }
  });
}

function run(
  channel: ClientChannel,
  host: string,
  mark: string | undefined,
  streams: CommandStreams,
  signal: AbortSignal,
): Promise<number> {
  const { stdin, stdout, stderr, terminal } = streams;
  return new Promise<number>((resolve, reject) => {
    let code: number | undefined;
    let signalName: string | undefined;
    const [said, complained] = mark === undefined ? [] : [new MarkedStream(mark), new MarkedStream(mark)];
    const resized = (): void => {
      const size = terminal?.size();
      if (size !== undefined) channel.setWindow(size.rows, size.columns, 0, 0);
    };
    const stopListening = terminal?.onResize(resized);
    const aborted = (): void => {
      channel.close();
      reject(signal.reason);
    };
    signal.addEventListener('abort', aborted, { once: true });
    channel.on('exit', (exitCode: number | null, name?: string) => {
      code = exitCode ?? undefined;
      signalName = name;
    });
    // The command may close its input while we still send. The exit code tells what happened.
    channel.on('error', () => undefined);
    channel.on('close', () => {
      stopListening?.();
      signal.removeEventListener('abort', aborted);
      stdin?.unpipe(channel);
      if (said?.isOpen === false && code !== undefined) reject(shellRunsNothing(host, said.noise()));
      else if (code !== undefined) resolve(code);
      else
        reject(
          new HostError(
            'OutcomeUnknown',
            host,
            `the command on ${host} ended without a result (${signalName === undefined ? 'the connection was lost' : `signal ${signalName}`})`,
          ),
        );
    });
    afterMark(channel, said).pipe(stdout, { end: false });
    afterMark(channel.stderr, complained).pipe(stderr, { end: false });
    if (stdin === undefined) channel.end();
    else stdin.pipe(channel);
    if (signal.aborted) aborted();
  });
}

/** The stream without what came before the mark. */
function afterMark(stream: Readable, marked: MarkedStream | undefined): Readable {
  if (marked === undefined) return stream;
  return stream.pipe(
    new Transform({ transform: (chunk: Buffer, _encoding, done) => done(null, marked.add(chunk)) }),
  );
}
