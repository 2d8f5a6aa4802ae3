/**
 * A release in a directory: `release.yaml`, and the files that it names. Only plain files inside the
 * directory are accepted, because a link could publish the builder's own files to every customer.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { maximumBlobBytes, type StreamedContent } from '../../../blob-store/blob-store.ts';
import { templatePaths } from '../../../release/components.ts';
import type { Release } from '../../../release/generated/release.ts';
import { maximumManifestBytes, maximumTemplateBytes } from '../../../release/manifest.ts';
import { validateRelease } from '../../../release/validate.ts';
import { CommandError } from '../../../command-line/terminal.ts';

/** A file of the release with everything that the store and the manifest need. */
export interface ReleaseFile extends StreamedContent {
  /** As the manifest names it. */
  readonly path: string;
  readonly sha256: string;
}

export interface ReleaseDirectory {
  /** As people wrote it. */
  readonly draft: Release;
  readonly templates: readonly ReleaseFile[];
  readonly templateTexts: ReadonlyMap<string, string>;
  readonly dataSets: readonly ReleaseFile[];
}

/** Reads and hashes everything. @throws {CommandError} @throws {ReleaseInvalidError} */
export async function readReleaseDirectory(directory: string): Promise<ReleaseDirectory> {
  const root = await realpath(directory).catch((error: unknown) => {
    throw new CommandError(`cannot open ${directory}: ${codeOf(error)}`);
  });
  const draft = await readDraft(root, directory);
  const templates: ReleaseFile[] = [];
  const templateTexts = new Map<string, string>();
  for (const path of templatePaths(draft)) {
    const file = await describe(root, path, maximumTemplateBytes);
    templates.push(file);
    templateTexts.set(path, text(await readFile(join(root, path)), path));
  }
  const dataSets: ReleaseFile[] = [];
  for (const { path } of draft.vanilla) dataSets.push(await describe(root, path, maximumBlobBytes));
  return { draft, templates, templateTexts, dataSets };
}

async function readDraft(root: string, directory: string): Promise<Release> {
  const { absolute } = await plainFile(root, 'release.yaml', maximumManifestBytes);
  const what = `${directory}/release.yaml`;
  let document: unknown;
  try {
    document = parse(text(await readFile(absolute), what), { uniqueKeys: true, maxAliasCount: 100 });
  } catch (error) {
    throw new CommandError(`${what} is not YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
  return validateRelease(document, 'Draft', what);
}

async function describe(root: string, path: string, maximumBytes: number): Promise<ReleaseFile> {
  const { absolute } = await plainFile(root, path, maximumBytes);
  const [sha256, md5] = [createHash('sha256'), createHash('md5')];
  let bytes = 0;
  for await (const chunk of createReadStream(absolute)) {
    sha256.update(chunk as Buffer);
    md5.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return {
    path,
    bytes,
    sha256: sha256.digest('hex'),
    md5: md5.digest('hex'),
    open: () => createReadStream(absolute),
  };
}

async function plainFile(
  root: string,
  path: string,
  maximumBytes: number,
): Promise<{ readonly absolute: string }> {
  const absolute = join(root, path);
  const real = await realpath(absolute).catch((error: unknown) => {
    throw new CommandError(`the release names ${path}, but it cannot be opened: ${codeOf(error)}`);
  });
  if (real !== absolute)
    throw new CommandError(`${path} is a symbolic link, or lies behind one: use the file itself`);
  const facts = await stat(absolute);
  if (!facts.isFile()) throw new CommandError(`${path} is not a file`);
  if (facts.size > maximumBytes)
    throw new CommandError(`${path} has ${facts.size} bytes; ${maximumBytes} is the maximum for such a file`);
  return { absolute };
}

function text(content: Buffer, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    throw new CommandError(`${path} is not UTF-8 text`);
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
