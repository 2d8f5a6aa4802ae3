/** What the cases of campaign `world` have in common: their shape, and parts that several of them use. */
import type { SituationID } from './situations.ts';

/**
 * Something expensive that cases share, such as a blob double or a compose host. The object itself is its
 * name, so export one constant.
 */
export interface Part<T> {
  readonly open: () => Promise<T>;
  readonly close: (it: T) => Promise<void>;
}

export interface WorldCase {
  /** The situation that it shows; several cases may show the same one. */
  readonly id: SituationID;
  /** What is right, as a sentence. */
  readonly title: string;
  /**
   * `nothing`: runs with the unit tests. `sandbox`: runs with the integration tests, with Docker, a blob
   * server, hosts and a cluster.
   */
  readonly needs: 'nothing' | 'sandbox';
  /** `long`: runs only in `make campaign-world`. Default: in both forms. */
  readonly form?: 'long';
  /** Default 60, in the short form. */
  readonly limitSeconds?: number;
  /** Passes when it returns. */
  readonly run: (scene: Scene) => Promise<void> | void;
}

/** Opens a part for the first case that asks for it, and closes all parts after the last one. */
export class Scene {
  readonly #parts = new Map<
    unknown,
    { readonly opened: Promise<unknown>; readonly close: () => Promise<void> }
  >();

  part<T>(part: Part<T>): Promise<T> {
    const known = this.#parts.get(part);
    if (known !== undefined) return known.opened as Promise<T>;
    const opened = part.open();
    this.#parts.set(part, { opened, close: async () => await part.close(await opened) });
    return opened;
  }

  /** A part that could not be opened needs no closing; its cases have failed already. */
  async close(): Promise<void> {
    const parts = [...this.#parts.values()].toReversed();
    this.#parts.clear();
    for (const { opened, close } of parts) {
      const isOpen = await opened.then(
        () => true,
        () => false,
      );
      if (isOpen) await close();
    }
  }
}
