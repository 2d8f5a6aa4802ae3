/**
 * An ssh2 channel as the socket that http.Agent expects. ssh2's channel is nearly a Duplex. But its destroy()
 * takes no error and emits no close, its writes are lost silently after the channel closed, and it lacks the
 * methods that node:http calls on a socket. This socket exists at once and opens its channel later, because
 * http.Agent counts only sockets that were returned synchronously.
 */
import { Duplex } from 'node:stream';
import type { ClientChannel } from 'ssh2';

export class ChannelSocket extends Duplex {
  readonly #open: () => Promise<ClientChannel>;
  readonly #longestFor: (request: string) => number;
  #longestAnswer = Number.POSITIVE_INFINITY;
  #channel: ClientChannel | undefined;
  #answerBytes = 0;

  /** @param longestFor bytes that may come after a request that begins so. Then the socket ends with an error. */
  constructor(
    open: () => Promise<ClientChannel>,
    longestFor: (request: string) => number = () => Number.POSITIVE_INFINITY,
  ) {
    // sshd closes a channel only when both sides have ended.
    super({ allowHalfOpen: false, autoDestroy: true });
    this.#open = open;
    this.#longestFor = longestFor;
  }

  override _construct(done: (error?: Error | null) => void): void {
    void this.#attach(done);
  }

  async #attach(done: (error?: Error | null) => void): Promise<void> {
    try {
      const channel = await this.#open();
      this.#channel = channel;
      channel.on('data', (chunk: Buffer) => {
        this.#answerBytes += chunk.length;
        if (this.#answerBytes > this.#longestAnswer)
          this.destroy(new Error(`the answer is longer than ${this.#longestAnswer / 2 ** 20} MiB`));
        else if (!this.push(chunk)) channel.pause();
      });
      channel.on('end', () => this.#ended());
      channel.on('error', (error: Error) => this.destroy(error));
      channel.on('close', () => {
        this.#channel = undefined;
        if (this.readableEnded || this.destroyed) this.destroy();
        else this.#ended();
      });
      channel.stderr?.resume();
    } catch (error) {
      // After a destroy nobody listens, and an error that nobody listens to would end the process.
      if (this.destroyed) done();
      else done(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    done();
  }

  /**
   * Only who reads notices the end, and nobody reads from a socket that waits for its next request. It would be
   * used for that, as after a restart of dockerd.
   */
  #ended(): void {
    this.push(null);
    this.read(0);
  }

  override _read(): void {
    this.#channel?.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    // A request is written whole before its answer comes, and answers come one after the other.
    this.#answerBytes = 0;
    this.#longestAnswer = this.#longestFor(chunk.toString('latin1', 0, 1024));
    if (this.#channel === undefined) done(new Error('the SSH channel was closed'));
    else this.#channel.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#channel?.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#channel?.close();
    done(error);
  }

  /**
   * The methods of net.Socket that node:http uses. Time limits and keep-alive are a matter of the SSH
   * connection.
   */
  setTimeout(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}
