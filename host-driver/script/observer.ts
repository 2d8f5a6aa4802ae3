/**
 * Asks the observe script on its one channel. Questions take turns. If an asker gave up, its answer is read
 * and dropped, so the next one gets its own. Each answer is between two words that only this observer knows.
 * Anything else on the channel, such as output of the login shell, is not part of it.
 */
import { randomBytes } from 'node:crypto';
import type { ClientChannel } from 'ssh2';
import { ByteCollector } from '../../base/byte-collector.ts';
import { HostError } from '../host.ts';
import { abortable } from '../ssh/abortable.ts';
import type { Connection } from '../ssh/connection.ts';
import { MarkedStream } from '../ssh/delimit.ts';
import { orDisconnect } from '../ssh/or-disconnect.ts';
import { observerCommand } from './observe.ts';

/** A hanging disk must not hang the asker. Docker and compose have 15 s each within it (observe.sh). */
const answerSeconds = 45;
const longestAnswer = 4 * 1024 * 1024;

export class Observer {
  readonly #connection: Connection;
  readonly #mark = randomBytes(16).toString('hex');
  #channel: ClientChannel | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @param question one line, checked. @throws HostError HostUnreachable when no answer comes. */
  async ask(question: string, signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    const answer = this.#last.then(() => this.#exchange(question));
    this.#last = answer.catch(() => undefined);
    return await abortable(answer, signal);
  }

  async #exchange(question: string): Promise<string> {
    const channel = (this.#channel ??= await this.#open());
    return await new Promise<string>((resolve, reject) => {
      const said = new ByteCollector();
      const settle = () => {
        clearTimeout(timer);
        channel.off('data', heard);
        channel.off('close', closed);
      };
      const fail = (what: string) => {
        settle();
        this.#channel = undefined;
        channel.close();
        reject(
          new HostError(
            'HostUnreachable',
            this.#connection.host,
            `${this.#connection.host} could not be observed: ${what}`,
          ),
        );
      };
      const closed = () =>
        fail(
          `the connection or the login shell ended${answer.noise() === '' ? '' : ` (it said: ${answer.noise()})`}`,
        );
      const timer = setTimeout(() => fail(`no answer within ${answerSeconds} s`), answerSeconds * 1000);
      const end = Buffer.from(`end-${this.#mark}\n`);
      const answer = new MarkedStream(`begin-${this.#mark}`);
      const heard = (chunk: Buffer) => {
        said.add(answer.add(chunk));
        if (said.length > longestAnswer || answer.isEndless) return fail('the answer does not end');
        if (!said.bytes().subarray(-end.length).equals(end)) return;
        settle();
        this.#connection.heardNoise(answer.noise());
        resolve(said.bytes().subarray(0, -end.length).toString('utf8'));
      };
      channel.on('data', heard);
      channel.on('close', closed);
      channel.write(`${question}\n`);
    });
  }

  #open(): Promise<ClientChannel> {
    return new Promise((resolve, reject) => {
      const { client, host } = this.#connection;
      const failed = (error: unknown) =>
        reject(new HostError('HostUnreachable', host, `${host} starts no shell: ${String(error)}`, error));
      try {
        const opened = orDisconnect(client, (error, channel) => {
          if (error) return failed(error);
          channel.on('error', () => channel.close());
          // Output of the login shell, for instance. None of it is for us.
          channel.stderr.resume();
          channel.once('close', () => {
            if (this.#channel === channel) this.#channel = undefined;
          });
          resolve(channel);
        });
        client.exec(observerCommand(this.#mark), opened);
      } catch (error) {
        failed(error);
      }
    });
  }
}
