/**
 * The documentation as a site (`make docs`). Pages are the Markdown files as they are in the repository: those of `docs/`, and
 * each README beside the code. A link that leads nowhere fails the build, also one to a file that is no page.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';
import { slug } from './slug.ts';
import { sidebar } from './sidebar.ts';
import { assertSelfContained, SourceFiles } from './source-files.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
/** Where the site lies on its web server, such as `/jtel/`. */
const base = process.env['JTEL_DOCS_BASE'] ?? '/';
const sources = new SourceFiles(repository, base);

export default defineConfig({
  title: 'jtel stack operator',
  description: 'Runs jtel contact-centre stacks on docker compose hosts, from one Kubernetes cluster',
  lang: 'en',
  base,
  srcDir: '..',
  rewrites: { 'README.md': 'index.md' },
  outDir: '../.docs-site',
  cacheDir: '../node_modules/.vitepress',
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  markdown: { anchor: { slugify: slug }, config: (markdown) => sources.use(markdown) },
  async buildEnd({ outDir }) {
    await sources.write(outDir);
    await assertSelfContained(outDir);
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [{ text: 'All pages', link: '/docs/README' }],
    sidebar: sidebar(readFileSync(new URL('../README.md', import.meta.url), 'utf8')),
  },
});
