/** Reads the page's server as a browser does, without a browser: signs in, follows the stream, keeps the rows. */
import type { Changed, Ended, Removed, SnapshotPart, StackRow, StoreRow } from '../../web/protocol.ts';
import { waitFor } from './wait.ts';

export class PageReader {
  /** With a slash at its end. */
  readonly address: string;
  readonly stacks = new Map<string, StackRow>();
  readonly stores = new Map<string, StoreRow>();
  ended: Ended | undefined;
  readonly #stop = new AbortController();
  #cookie: string | undefined;
  readonly #headers: Readonly<Record<string, string>>;
  #isFollowing = false;
  #failure: unknown;

  /** @param headers of each request, such as those of a proxy */
  constructor(address: string, headers: Readonly<Record<string, string>> = {}) {
    this.address = address;
    this.#headers = headers;
  }

  async get(path: string): Promise<Response> {
    return await fetch(new URL(path, this.address), {
      headers: { ...this.#headers, ...(this.#cookie === undefined ? {} : { cookie: this.#cookie }) },
      signal: this.#stop.signal,
    });
  }

  async signIn(token: string): Promise<void> {
    const answer = await fetch(new URL('api/session', this.address), {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: new URL(this.address).origin },
      body: JSON.stringify({ token }),
    });
    if (answer.status !== 204) throw new Error(`sign in: ${answer.status} ${await answer.text()}`);
    this.#cookie = answer.headers.get('set-cookie')?.split(';')[0];
  }

  /** Follows the stream until it shows something. */
  async until(condition: (reader: this) => boolean): Promise<void> {
    if (!this.#isFollowing)
      this.#follow().catch((error: unknown) => {
        this.#failure = error;
      });
    this.#isFollowing = true;
    const holds = (): boolean => {
      if (!condition(this) && this.#failure !== undefined) throw this.#failure;
      return condition(this);
    };
    await waitFor('the page to show it', holds, { intervalMilliseconds: 10 });
  }

  close(): void {
    this.#stop.abort();
  }

  async #follow(): Promise<void> {
    const { status, body } = await this.get('api/stream');
    if (status !== 200 || body === null) throw new Error(`stream: ${status}`);
    let text = '';
    for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
      const events = `${text}${chunk}`.split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) this.#take(event);
    }
  }

  #take(event: string): void {
    const [, name, json] = /^event: (\w+)\n(?:id: .*\n)?data: (.*)$/.exec(event) ?? [];
    const data: unknown = JSON.parse(json ?? 'null');
    if (name === 'ended') this.ended = data as Ended;
    if (name === 'snapshot' && (data as SnapshotPart).isFirst) {
      this.stacks.clear();
      this.stores.clear();
    }
    if (name === 'snapshot' || name === 'changed') {
      const { stacks = [], stores = [] } = data as Changed;
      for (const row of stacks) this.stacks.set(row.key, row);
      for (const row of stores) this.stores.set(row.key, row);
    }
    if (name === 'removed') {
      const { stacks = [], stores = [] } = data as Removed;
      for (const key of stacks) this.stacks.delete(key);
      for (const key of stores) this.stores.delete(key);
    }
  }
}
