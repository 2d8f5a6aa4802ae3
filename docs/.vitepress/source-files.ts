/**
 * Links from pages to files that are no pages (examples, charts, sources). The site carries a copy of each such file, so it needs no
 * repository server, and a link cannot lead to another version. VitePress looks only at links to pages, so this checks the others.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { copyFile, glob, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, posix, relative, resolve } from 'node:path';
import type { MarkdownRenderer } from 'vitepress';

/** What the plug-in reads of VitePress' environment of a page. */
interface PageEnvironment {
  /** The Markdown file; `path` is that of the page, after rewrites. */
  readonly realPath?: string;
  readonly path: string;
}

const folder = 'source';
/** Web servers do not know these as text, so browsers would save them. */
const shownAs = '.txt';

export class SourceFiles {
  readonly #repository: string;
  readonly #base: string;
  /** Paths from the repository's root. */
  readonly #linked = new Set<string>();

  /** @param base where the site lies on its web server; begins and ends with `/` */
  constructor(repository: string, base: string) {
    this.#repository = repository;
    this.#base = base;
  }

  /** Teaches Markdown where links to files and folders lead on the site. */
  use(markdown: MarkdownRenderer): void {
    markdown.core.ruler.push('jtel-source-files', ({ tokens, env }) => {
      const { realPath, path } = env as PageEnvironment;
      for (const token of tokens.flatMap(({ children }) => children ?? [])) {
        if (token.type !== 'link_open') continue;
        const to = this.target(realPath ?? path, token.attrGet('href') ?? '');
        if (to === undefined) continue;
        token.attrSet('href', to.href);
        // Otherwise VitePress would look for a page of its own there.
        if (to.kind === 'file') token.attrSet('target', '_self');
      }
    });
    // To Vue, these would be the beginning of an expression, also in code.
    for (const kind of ['text', 'code_inline'] as const) {
      const render = markdown.renderer.rules[kind];
      markdown.renderer.rules[kind] = (...given) =>
        (render?.(...given) ?? '').replaceAll('{{', '&#123;&#123;');
    }
  }

  /**
   * Where a link leads on the site, if not where VitePress would lead it.
   * @param page the Markdown file that has the link
   * @throws Error when there is no such file
   */
  target(page: string, link: string): { readonly kind: 'page' | 'file'; readonly href: string } | undefined {
    const [address = ''] = link.split(/[?#]/);
    if (address === '' || /^([a-z]+:|\/)/.test(link)) return undefined;
    const file = resolve(dirname(page), decodeURIComponent(address));
    const path = relative(this.#repository, file);
    if (path.startsWith('..') || !existsSync(file))
      throw new Error(`${relative(this.#repository, page)} has a link that leads nowhere: ${link}`);
    if (path === 'README.md') return { kind: 'page', href: link.replace('README.md', 'index.md') };
    if (file.endsWith('.md')) return undefined;
    // As everywhere, the page of a folder is its README.
    if (existsSync(join(file, 'README.md'))) return { kind: 'page', href: posix.join(address, 'README.md') };
    return { kind: 'file', href: this.#copied(path) };
  }

  /** Address on the web server of a file that the site carries from now on; of a page, its own. */
  #copied(path: string): string {
    if (path.endsWith('.md')) return `${this.#base}${path.replace(/\.md$/, '.html')}`;
    this.#linked.add(path);
    return `${this.#base}${this.#onSite(path)}`;
  }

  #onSite(path: string): string {
    const isFolder = statSync(join(this.#repository, path)).isDirectory();
    return `${folder}/${path}${isFolder ? '/index.html' : shownAs}`;
  }

  /** Copies what pages link to, and gives each folder a list of its files. */
  async write(site: string): Promise<void> {
    // Lists link to more files, which are added while this goes through them.
    for (const path of this.#linked) {
      const from = join(this.#repository, path);
      const to = join(site, this.#onSite(path));
      await mkdir(dirname(to), { recursive: true });
      if (statSync(from).isDirectory()) await writeFile(to, this.#list(path));
      else await copyFile(from, to);
    }
  }

  #list(path: string): string {
    const entries = readdirSync(join(this.#repository, path)).filter((name) => !name.startsWith('.'));
    const lines = entries.map((name) => {
      const file = posix.join(path, name);
      return `<li><a href="${encodeURI(this.#copied(file))}">${name}</a></li>`;
    });
    return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${path}</title><h1>${path}</h1><ul>\n${lines.join('\n')}\n</ul></html>\n`;
  }
}

/** @throws Error when a page or a style would load something from another server. */
export async function assertSelfContained(site: string): Promise<void> {
  for await (const path of glob('**/*.{html,css}', { cwd: site })) {
    const text = await readFile(join(site, path), 'utf8');
    const [foreign] =
      /<(link|script|img)\b[^>]*(src|href)="https?:[^>]*>|url\(["']?https?:[^)]*\)/.exec(text) ?? [];
    if (foreign !== undefined) throw new Error(`${path} would load from another server: ${foreign}`);
  }
}
