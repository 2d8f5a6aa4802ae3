import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { repositoryDirectory } from '../../kit/paths.ts';
import { comparisons } from './rights.ts';

const templates = join(repositoryDirectory, 'charts/jtel-operator/templates');

/** Settings of whole files: without them nobody has the role. */
const ofWholeFiles = new Set(['clusterObjects.install']);

it('every role of the chart is compared with what a program used of it, or says why not', async () => {
  const names = await readdir(templates, { recursive: true });
  const texts = new Map<string, string>();
  for (const name of names.filter((one) => one.endsWith('.yaml'))) {
    const text = await readFile(join(templates, name), 'utf8');
    if (/^kind: (Cluster)?Role$/m.test(text)) texts.set(name, text);
  }
  expect([...texts.keys()].toSorted()).toEqual(Object.keys(comparisons).toSorted());
  const settings = [...texts].map(([name, text]) => {
    const all = [...text.matchAll(/\{\{-? *if (?:eq )?\.Values\.([\w.]+)/g)].map(([, one = '']) => one);
    return [name, all.filter((one) => !ofWholeFiles.has(one)).toSorted()];
  });
  const told = Object.entries(comparisons).map(([name, { onlyWith = {} }]) => [
    name,
    Object.keys(onlyWith).toSorted(),
  ]);
  expect(Object.fromEntries(settings)).toEqual(Object.fromEntries(told));
});

it.each(Object.entries(comparisons))('%s is compared where the list says', async (name, one) => {
  const { comparedIn, notCompared } = one;
  const path = comparedIn ?? 'test/support/rights.ts';
  const text = await readFile(join(repositoryDirectory, path), 'utf8');
  const words = comparedIn === undefined ? [notCompared ?? 'a reason'] : ['rightsUsed(', basename(name)];
  expect(words.filter((word) => !text.includes(word))).toEqual([]);
});
