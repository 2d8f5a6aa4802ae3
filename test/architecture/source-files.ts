/** Finds and reads what the architecture test looks at: every file of the repository that people wrote. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';

export interface SourceFile {
  /** Path from the repository's root, with `/`. */
  readonly path: string;
  readonly text: string;
}

export interface Import {
  /** As written: `./x.ts`, `node:fs`, `ssh2`. */
  readonly specifier: string;
  /** A `type` import leaves nothing behind when the code runs. */
  readonly kind: 'type' | 'value';
}

/**
 * Files that are not ours, or that a tool makes, such as `.plugin…` (images/plugin.ts). `.git` is a file in a
 * worktree.
 */
const skippedNames = new Set(['.git', 'node_modules', '.sandbox', 'coverage', '.claude', '.docs-site']);
const largestTextBytes = 2 * 1024 * 1024;

/**
 * All text files below `root`. It reads the file system, not git's index, so that a file not yet added counts
 * too.
 */
export function readSourceFiles(root: string, directory = ''): SourceFile[] {
  return readdirSync(join(root, directory), { withFileTypes: true }).flatMap((entry): SourceFile[] => {
    const path = posix.join(directory, entry.name);
    if (skippedNames.has(entry.name) || entry.name.startsWith('.plugin')) return [];
    if (entry.isDirectory()) return readSourceFiles(root, path);
    if (!entry.isFile() || statSync(join(root, path)).size > largestTextBytes) return [];
    const text = readFileSync(join(root, path), 'utf8');
    return text.includes('\0') ? [] : [{ path, text }];
  });
}

/**
 * Static, re-exported, side-effect and dynamic imports of a TypeScript file. A few patterns are enough,
 * because a formatter and a type check keep the sources in shape. TypeScript 7 has no parser that JavaScript
 * can call.
 */
export function importsOf(text: string): Import[] {
  const fromClause =
    /^[ \t]*(?<keyword>import|export)\b(?<type>\s+type\b(?!\s*(?:,|from\b)))?(?<names>[^;'"`]*?)\bfrom\s*['"](?<specifier>[^'"]+)['"]/gm;
  const sideEffect = /^[ \t]*import\s*['"](?<specifier>[^'"]+)['"]/gm;
  const dynamic = /\b(?:import|require)\s*\(\s*['"](?<specifier>[^'"]+)['"]/g;
  const found: Import[] = [];
  for (const { groups } of text.matchAll(fromClause)) {
    if (groups === undefined) continue;
    const isType = groups['type'] !== undefined || onlyTypes(groups['names'] ?? '');
    found.push({ specifier: groups['specifier'] ?? '', kind: isType ? 'type' : 'value' });
  }
  for (const pattern of [sideEffect, dynamic]) {
    for (const { groups } of text.matchAll(pattern))
      found.push({ specifier: groups?.['specifier'] ?? '', kind: 'value' });
  }
  return found;
}

/** `{ type A, type B }` */
function onlyTypes(names: string): boolean {
  const inBraces = /^\s*\{(?<list>[^}]*)\}\s*$/.exec(names)?.groups?.['list'];
  const list =
    inBraces
      ?.split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '') ?? [];
  return list.length > 0 && list.every((name) => name.startsWith('type '));
}

/** Path from the root of a relative import; undefined for packages and for Node's own modules. */
export function resolveImport(from: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? posix.normalize(posix.join(posix.dirname(from), specifier)) : undefined;
}
