/** Collects the files of one rendering, each once, addressed by content. */
import { createHash, createHmac } from 'node:crypto';
import type { RenderedFile } from '../host-driver/rendered-release.ts';
import { RenderError, type FileNames } from './stack-input.ts';

const secretMode = 0o600;

/** A secret and a readable file have one name, and one path cannot have two modes. */
export class NameTakenError extends RenderError {}

export class FileSet {
  readonly #names: FileNames | undefined;
  readonly #files = new Map<string, RenderedFile>();

  constructor(names?: FileNames) {
    this.#names = names;
  }

  /**
   * Returns the name under which the file lies on the host.
   * @throws {NameTakenError} when a secret and a readable file have the same content, or the name of the one was read from a host
   * that had the other under it
   */
  add(content: string, mode: number): string {
    const sha256 = createHash('sha256').update(content).digest('hex');
    const name = mode === secretMode ? this.#secretName(content, sha256) : sha256;
    const present = this.#files.get(name);
    if (present !== undefined && present.mode !== mode) {
      throw new NameTakenError(
        'two files have the same content and different modes (a secret must not equal a configuration file)',
      );
    }
    this.#files.set(name, { name, sha256, content, mode });
    return name;
  }

  #secretName(content: string, sha256: string): string {
    if (this.#names === undefined || this.#names.plain.includes(sha256)) return sha256;
    const kept = this.#names.kept?.find((one) => one.sha256 === sha256);
    if (kept !== undefined) return kept.name;
    const key = Buffer.from(this.#names.key, 'hex');
    return createHmac('sha256', key).update(`jtel file name\n${content}`).digest('hex');
  }

  /** Sorted by name, so the order of components does not matter. */
  list(): readonly RenderedFile[] {
    return [...this.#files.values()].toSorted((left, right) => (left.name < right.name ? -1 : 1));
  }
}
