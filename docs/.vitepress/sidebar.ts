/** The sidebar follows the index, docs/README.md, so that a page is listed once. */
import { posix } from 'node:path';
import type { DefaultTheme } from 'vitepress';

const entry = /^- \[(?<text>[^\]]+)\]\((?<link>[^)]+)\)/;

/** @param index its text: a heading for each group, and `- [title](link): …` for each page. */
export function sidebar(index: string): DefaultTheme.SidebarItem[] {
  const groups: { text: string; items: DefaultTheme.SidebarItem[] }[] = [];
  for (const line of index.split('\n')) {
    if (line.startsWith('## ')) groups.push({ text: line.slice(3), items: [] });
    const { text = '', link } = entry.exec(line)?.groups ?? {};
    if (link !== undefined) groups.at(-1)?.items.push({ text, ...pageOf(link) });
  }
  return groups.map((group) => ({ ...group, collapsed: false }));
}

function pageOf(link: string): { link: string; target?: string } {
  const path = posix.join('/docs', link);
  // The list of a folder is no page of VitePress.
  if (path.endsWith('/')) return { link: `/source${path}index.html`, target: '_self' };
  return { link: path.replace(/\.md(?=#|$)/, '') };
}
