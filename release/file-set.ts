/** Collects the files of one rendering, each once, addressed by content. */
import { createHash } from 'node:crypto';
import type { RenderedFile } from '../host-driver/rendered-release.ts';
import { RenderError } from './stack-input.ts';

export class FileSet {
  readonly #files = new Map<string, RenderedFile>();

  /**
   * Returns the sha256 under which the file lies on the host.
   * @throws {RenderError} when a secret and a readable file have the same content: one path cannot have two
   * modes.
   */
  add(content: string, mode: number): string {
    const sha256 = createHash('sha256').update(content).digest('hex');
    const present = this.#files.get(sha256);
    if (present !== undefined && present.mode !== mode) {
      throw new RenderError(
        'two files have the same content and different modes (a secret must not equal a configuration file)',
      );
    }
    this.#files.set(sha256, { sha256, content, mode });
    return sha256;
  }

  /** Sorted by digest, so the order of components does not matter. */
  list(): readonly RenderedFile[] {
    return [...this.#files.values()].toSorted((left, right) => (left.sha256 < right.sha256 ? -1 : 1));
  }
}
