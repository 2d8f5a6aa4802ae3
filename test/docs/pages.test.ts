/** Holds the pages to what a reader relies on: each is in the index, each says first what it is for, and links hit their heading. */
import { existsSync } from 'node:fs';
import { posix, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { slug } from '../../docs/.vitepress/slug.ts';
import { repositoryDirectory } from '../../kit/paths.ts';
import { readSourceFiles } from '../architecture/source-files.ts';

const pages = readSourceFiles(repositoryDirectory).filter(({ path }) => path.endsWith('.md'));
/** Links outside of code, with their place. */
const links = pages.flatMap(({ path, text }) =>
  [...withoutCode(text).matchAll(/\]\((?<link>[^)\s]+)\)/g)].map(({ groups }) => ({
    path,
    link: groups?.['link'] ?? '',
  })),
);
/** Each decision has the same shape, and each alert links to its runbook; both are listed by their folder. */
const isListedByFolder = (path: string): boolean => /^docs\/(decisions|runbooks)\//.test(path);

test('the index lists every page', () => {
  const listed = new Set(
    links.filter(({ path }) => path === 'docs/README.md').map(({ path, link }) => target(path, link)),
  );
  const missing = pages
    .map(({ path }) => path)
    .filter((path) => !listed.has(path) && !isListedByFolder(path) && !path.endsWith('README.md'));
  expect(missing).toEqual([]);
});

test('every page says in its first two lines what the reader can do after it', () => {
  const without = pages.filter(
    ({ path, text }) =>
      path.startsWith('docs/') &&
      !path.startsWith('docs/decisions/') &&
      !/\b(you|this page)\b/i.test(firstLines(text)),
  );
  expect(without.map(({ path }) => path)).toEqual([]);
});

test('no page has an entity, which is wrong in a file, or a place to fill in outside of code, which is a tag in the site', () => {
  const wrong = pages
    .filter(({ path }) => path.startsWith('docs/'))
    .flatMap(({ path, text }) =>
      [...withoutCode(text).matchAll(/&[a-z]+;|<[a-z][\w-]*>/g)].map(([found]) => `${path}: ${found}`),
    );
  expect(wrong).toEqual([]);
});

test('every link leads to a file that exists', () => {
  const dead = links.filter(
    ({ path, link }) => isLocal(link) && !existsSync(resolve(repositoryDirectory, target(path, link))),
  );
  expect(dead).toEqual([]);
});

test('every link to a heading finds it', () => {
  const headings = new Map(pages.map(({ path, text }) => [path, anchorsOf(text)]));
  const dead = links.filter(({ path, link }) => {
    const [address = '', anchor] = link.split('#');
    if (anchor === undefined || !isLocal(link)) return false;
    return headings.get(address === '' ? path : target(path, link))?.has(anchor) === false;
  });
  expect(dead).toEqual([]);
});

function isLocal(link: string): boolean {
  return !/^[a-z]+:/.test(link);
}

function target(path: string, link: string): string {
  const [address = ''] = link.split('#');
  return address === '' ? path : posix.join(posix.dirname(path), address);
}

function firstLines(text: string): string {
  const [, paragraph = ''] = /^# .+\n+((?:.+\n?)+)/m.exec(text) ?? [];
  return paragraph.split('\n').slice(0, 2).join(' ');
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '');
}

function anchorsOf(text: string): ReadonlySet<string> {
  const headings = text.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/^#{1,6} (.+)$/gm);
  return new Set([...headings].map(([, heading = '']) => slug(heading)));
}
