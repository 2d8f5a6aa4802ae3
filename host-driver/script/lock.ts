/**
 * Holds the host's lock, after fence and owner were checked, during work through the Docker API. The script
 * on the host holds the lock until its stdin ends, so a lost connection releases it too.
 */
import type { ClientChannel } from 'ssh2';
import { ByteCollector, ByteTail } from '../../base/byte-collector.ts';
import { HostError } from '../host.ts';
import type { Fence } from '../host.ts';
import type { Connection } from '../ssh/connection.ts';
import { MarkedStream, markedCommand, newMark } from '../ssh/delimit.ts';
import { orDisconnect } from '../ssh/or-disconnect.ts';
import { runStep, stepCommand, stepError } from './run.ts';
import type { Step } from './run.ts';

/** The host holds the lock for at most so many seconds. */
const holdSeconds = 120;
/** On top, as for every step: the host waits its turn. */
const waitSeconds = 120;
/** The script says "held", and for a start one line about Docker's proxy. */
const longestAnswer = 16 * 1024;
const lineFeed = 0x0a;

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

async function open(
  connection: Connection,
  step: Step,
  signal: AbortSignal,
): Promise<{ readonly channel: ClientChannel; readonly said: string }> {
  const seconds = step.timeoutSeconds + waitSeconds;
  const limit = AbortSignal.timeout(seconds * 1000);
  const limited = AbortSignal.any([signal, limit]);
  const lost = (why: string, cause?: unknown) =>
    new HostError(
      'HostUnreachable',
      connection.host,
      `the lock of ${step.project} on ${connection.host} cannot be taken: ${why}`,
      cause,
    );
  const opened = Promise.withResolvers<{ readonly channel: ClientChannel; readonly said: string }>();
  const aborted = () => opened.reject(signal.aborted ? signal.reason : lost(`no answer within ${seconds} s`));
  limited.addEventListener('abort', aborted, { once: true });
  const mark = newMark();
  let channel: ClientChannel | undefined;
  const answered = orDisconnect(connection.client, (error, taken) => {
    if (error) return opened.reject(lost('connection lost', error));
    channel = taken;
    const stdout = new ByteCollector();
    const stderr = new ByteTail(longestAnswer);
    let code: number | undefined;
    const [said, complained] = [new MarkedStream(mark), new MarkedStream(mark)];
    let isHeld = false;
    let bytes = 0;
    // Also after it holds the lock: the channel stays open, and a host may ignore that it is closed.
    const count = (output: Buffer): Buffer => {
      bytes += output.length;
      if (bytes <= longestAnswer) return output;
      opened.reject(lost(`it answers with more than ${longestAnswer} bytes`));
      connection.client.destroy();
      return Buffer.alloc(0);
    };
    taken.on('data', (chunk: Buffer) => {
      const output = count(said.add(chunk));
      if (isHeld) return;
      stdout.add(output);
      // Once for each line, and not for each piece: a host may send single bytes.
      const end = output.includes(lineFeed) ? /(^|\n)held\n/.exec(stdout.bytes().toString('utf8')) : null;
      isHeld = end !== null;
      if (end !== null)
        opened.resolve({ channel: taken, said: stdout.bytes().toString('utf8').slice(0, end.index) });
      else if (said.isEndless) opened.reject(lost('its login shell prints without end'));
    });
    taken.stderr.on('data', (chunk: Buffer) => stderr.add(count(complained.add(chunk))));
    taken.on('exit', (exit: number | null) => (code = exit ?? undefined));
    taken.on('error', (cause: unknown) => opened.reject(lost('connection lost', cause)));
    taken.on('close', () =>
      opened.reject(
        code === undefined
          ? lost('connection lost')
          : stepError(
              connection.host,
              'taking the lock',
              { code, stdout: stdout.bytes().toString('utf8'), stderr: stderr.text() },
              'OutcomeUnknown',
              step,
            ),
      ),
    );
    if (limited.aborted) taken.close();
  });
  connection.client.exec(markedCommand(mark, stepCommand(step)), answered);
  try {
    return await opened.promise;
  } catch (error) {
    // The host holds the lock as long as this channel is open.
    channel?.close();
    throw error;
  } finally {
    limited.removeEventListener('abort', aborted);
  }
}
