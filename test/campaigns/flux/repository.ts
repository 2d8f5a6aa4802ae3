/**
 * examples/customer-repo as its owner keeps it: a working copy with the addresses and secrets of a sandbox in it, encrypted
 * with a key of its own, and pushed to a git server.
 */
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { repositoryDirectory } from '../../../kit/paths.ts';
import { run } from '../../../kit/process.ts';

/** A manifest of the repository; only what is changed in it is known. */
export interface Document {
  kind?: string;
  metadata?: { name: string; namespace?: string };
  spec?: Record<string, unknown>;
  stringData?: Record<string, string>;
  sops?: unknown;
  [field: string]: unknown;
}

const nobody = ['-c', 'user.name=Customers', '-c', 'user.email=customers@jtel.example'];

export class Repository {
  /** The working copy. */
  readonly folder: string;
  readonly #sops: string;

  private constructor(folder: string, sops: string) {
    this.folder = folder;
    this.#sops = sops;
  }

  /**
   * Copies the example, with another age key than everybody's.
   * @param publicKey of age, for which secrets are encrypted
   */
  static async copy(folder: string, sops: string, publicKey: string): Promise<Repository> {
    await cp(join(repositoryDirectory, 'examples/customer-repo'), folder, { recursive: true });
    const repository = new Repository(folder, sops);
    await repository.remove('age-throw-away.key');
    await repository.replace('.sops.yaml', /age: age1\w+/, `age: ${publicKey}`);
    await repository.#git('init', '--quiet', '--initial-branch', 'main');
    return repository;
  }

  async read(file: string): Promise<string> {
    return await readFile(join(this.folder, file), 'utf8');
  }

  async write(file: string, text: string): Promise<void> {
    await writeFile(join(this.folder, file), text);
  }

  /** A file, or a folder with all that is in it. */
  async remove(path: string): Promise<void> {
    await rm(join(this.folder, path), { recursive: true });
  }

  /** The text must be there. */
  async replace(file: string, text: RegExp | string, by: string): Promise<void> {
    const before = await this.read(file);
    const after = before.replace(text, by);
    if (after === before) throw new Error(`${file} has no ${String(text)}`);
    await this.write(file, after);
  }

  /** Changes each manifest of a file in its place. */
  async change(file: string, each: (document: Document) => void): Promise<void> {
    const documents = parseAllDocuments(await this.read(file)).map((found) => found.toJS() as Document);
    for (const document of documents) each(document);
    await this.write(file, documents.map((document) => stringify(document)).join('---\n'));
  }

  /** Writes other values into the Secrets of a file, by their names, and encrypts it as docs/customer-repo.md says. */
  async encrypt(
    file: string,
    values: Readonly<Record<string, Readonly<Record<string, string>>>>,
  ): Promise<void> {
    await this.change(file, (secret) => {
      const stringData = values[secret.metadata?.name ?? ''];
      if (stringData === undefined) throw new Error(`${file}: no values for ${secret.metadata?.name}`);
      secret.stringData = stringData;
      delete secret.sops;
    });
    await run([this.#sops, '--encrypt', '--in-place', file], { cwd: this.folder });
  }

  /** Commits everything. @returns the commit */
  async commit(subject: string): Promise<string> {
    await this.#git('add', '--all');
    await this.#git(...nobody, 'commit', '--quiet', '--message', subject);
    return await this.head();
  }

  async head(): Promise<string> {
    return (await this.#git('rev-parse', 'HEAD')).trim();
  }

  async pushTo(url: string): Promise<void> {
    await this.#git('remote', 'add', 'origin', url);
    await this.push();
  }

  async push(): Promise<void> {
    await this.#git('push', '--quiet', 'origin', 'main');
  }

  /** `git revert` of the last commits, newest first. @returns the commit that undoes them */
  async revert(commits = 1): Promise<string> {
    await this.#git(...nobody, 'revert', '--no-edit', `HEAD~${commits}..HEAD`);
    return await this.head();
  }

  /** Forgets what was not pushed. */
  async discard(): Promise<void> {
    await this.#git('reset', '--quiet', '--hard', 'origin/main');
  }

  async #git(...args: readonly string[]): Promise<string> {
    return await run(['git', ...args], {
      cwd: this.folder,
      env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
    });
  }
}
