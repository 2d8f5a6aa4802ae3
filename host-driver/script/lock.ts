/**
 * Holds the host's lock, after fence and owner were checked, during work through the Docker API. The script
 * on the host holds the lock until its stdin ends, so a lost connection releases it too.
 */
import type { ClientChannel } from 'ssh2';
import { HostError } from '../host.ts';
import type { Fence } from '../host.ts';
import type { Connection } from '../ssh/connection.ts';
import { MarkedStream, markedCommand, newMark } from '../ssh/delimit.ts';
import { runStep, stepCommand, stepError } from './run.ts';
import type { Step } from './run.ts';

/** The host holds the lock for at most so many seconds. */
const holdSeconds = 120;

/**
 * @param purpose `start` is refused on a host from which the stack was moved away.
 * @param work gets the script's output: for a start, Docker's proxy.
 */
export async function withLock<T>(
  connection: Connection,
  project: string,
  fence: Fence,
  purpose: 'start' | 'remove',
  signal: AbortSignal,
  work: (said: string) => Promise<T>,
): Promise<T> {
  const step: Step = { verb: 'hold', project, fence, arguments: [purpose], timeoutSeconds: holdSeconds };
  // With an empty stdin, the first call is only a check. It also installs the script if it is missing.
  await runStep(connection, step, signal);
  return await connection.withSession(signal, async () => {
    const { channel, said } = await open(connection, step, signal);
    try {
      return await work(said);
    } finally {
      channel.end();
    }
  });
}

function open(
  connection: Connection,
  step: Step,
  signal: AbortSignal,
): Promise<{ readonly channel: ClientChannel; readonly said: string }> {
  return new Promise((resolve, reject) => {
    const aborted = () => reject(signal.reason);
    signal.addEventListener('abort', aborted, { once: true });
    const lost = (cause?: unknown) =>
      reject(
        new HostError(
          'HostUnreachable',
          connection.host,
          `the lock of ${step.project} on ${connection.host} cannot be taken: connection lost`,
          cause,
        ),
      );
    const mark = newMark();
    connection.client.exec(markedCommand(mark, stepCommand(step)), (error, channel) => {
      if (error) return lost(error);
      let stdout = '';
      let stderr = '';
      let code: number | undefined;
      const [said, complained] = [new MarkedStream(mark), new MarkedStream(mark)];
      channel.on('data', (chunk: Buffer) => {
        stdout += said.add(chunk).toString('utf8');
        const end = /(^|\n)held\n/.exec(stdout);
        if (end === null) return;
        signal.removeEventListener('abort', aborted);
        resolve({ channel, said: stdout.slice(0, end.index) });
      });
      channel.stderr.on('data', (chunk: Buffer) => (stderr += complained.add(chunk).toString('utf8')));
      channel.on('exit', (exit: number | null) => (code = exit ?? undefined));
      channel.on('error', lost);
      channel.on('close', () =>
        code === undefined
          ? lost()
          : reject(
              stepError(connection.host, 'taking the lock', { code, stdout, stderr }, 'OutcomeUnknown', step),
            ),
      );
      if (signal.aborted) channel.end();
    });
  });
}
