/**
 * Holds the host's lock, with fence and owner checked, while something is done through the Docker API. The script on the host
 * keeps the lock until its stdin ends: a lost connection lets go of it too.
 */
import type { ClientChannel } from 'ssh2';
import { HostError } from '../host.ts';
import type { Fence } from '../host.ts';
import type { Connection } from '../ssh/connection.ts';
import { MarkedStream, markedCommand, newMark } from '../ssh/delimit.ts';
import { runStep, stepCommand, stepError } from './run.ts';
import type { Step } from './run.ts';

/** Seconds for which the host keeps the lock at most. */
const holdSeconds = 120;

/**
 * @param purpose a start is refused on a host that the stack was moved away from.
 * @param work gets what the script said before: for a start, how Docker reaches the outside.
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
  // An empty stdin makes the first call a mere check, which also installs the script where it is missing.
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
