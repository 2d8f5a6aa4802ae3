/** The files of the page, for whatever serves them. */
import { extname } from 'node:path';

export interface PageFile {
  readonly content: Uint8Array;
  readonly contentType: string;
  /** Whether its name changes with its content, so that browsers may keep it for good. */
  readonly isImmutable: boolean;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** What the page needs, and nothing more: no inline script, no inline style, no other origin. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** By path below the page's own address, such as `index.html`. */
export async function pageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const { buildPage } = await import('./build.ts');
  const files = Object.entries(await buildPage()).map(([path, text]): [string, PageFile] => [
    path,
    {
      content: Buffer.from(text),
      contentType: contentTypes[extname(path)] ?? 'application/octet-stream',
      isImmutable: path !== 'index.html',
    },
  ]);
  return new Map(files);
}
