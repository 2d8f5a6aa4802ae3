/**
 * Whose tokens they are, for people who are known and for whoever invents tokens: those cost a bounded number of
 * questions to the API server, and never push out an answer about somebody who is known.
 */
import type { KnownUser } from '../../runtime/client/review.ts';
import { GateBusy } from '../../web/server/viewer.ts';
import { Cached, keptSeconds } from './cached.ts';
import { digestOf } from './identity.ts';

const mostKnown = 1_000;
const mostUnknown = 1_000;
/** As many tokens that nobody has shown before are asked about; more people sign in over some seconds. */
const mostNewPerSecond = 20;

export class KnownTokens {
  readonly #ask: (token: string) => Promise<KnownUser | undefined>;
  readonly #now: () => number;
  /** By digest. Kept when the answer is old: asking again about a known token is not limited. */
  readonly #known = new Map<string, { readonly user: KnownUser; readonly until: number }>();
  readonly #asked: Cached<KnownUser | undefined>;
  #second = { start: -Infinity, asked: 0 };

  /**
   * @param ask the API server
   * @param now in milliseconds
   */
  constructor(ask: (token: string) => Promise<KnownUser | undefined>, now: () => number) {
    this.#ask = ask;
    this.#now = now;
    this.#asked = new Cached(mostUnknown, now);
  }

  /**
   * @returns undefined if the cluster does not know the token
   * @throws {GateBusy} if too many new tokens came within a second
   */
  async userOf(token: string): Promise<KnownUser | undefined> {
    const id = digestOf(token).toString('hex');
    const known = this.#known.get(id);
    if (known !== undefined && known.until > this.#now()) return known.user;
    const until = this.#now() + keptSeconds * 1000;
    const user = await this.#asked.get(id, async () => {
      if (known === undefined) this.#countNew();
      return await this.#ask(token);
    });
    this.#known.delete(id);
    if (user === undefined) return undefined;
    this.#known.set(id, { user, until });
    const [oldest] = this.#known.keys();
    if (oldest !== undefined && this.#known.size > mostKnown) this.#known.delete(oldest);
    return user;
  }

  #countNew(): void {
    if (this.#now() - this.#second.start >= 1_000) this.#second = { start: this.#now(), asked: 0 };
    if (this.#second.asked >= mostNewPerSecond)
      throw new GateBusy('Too many people sign in just now. Try again in a moment.');
    this.#second.asked += 1;
  }
}
