/** The licence texts of the packages in a bundle: most licences ask that their text goes with every copy. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Beside each bundle. */
export const noticesFile = 'THIRD-PARTY-NOTICES.txt';

const licenceFile = /^(licen[cs]es?|copying|notice)\b/i;
const line = '-'.repeat(80);

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string | { readonly type: string };
}

/** Folders of the packages that modules belong to, sorted. @param modules absolute paths, or names of virtual modules */
export function packagesOf(modules: readonly string[]): readonly string[] {
  const folders = modules.flatMap(
    (path) => /^\/.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0] ?? [],
  );
  return [...new Set(folders)].toSorted();
}

/** @param folders of packages */
export async function notices(folders: readonly string[]): Promise<string> {
  const texts = new Map<string, string>();
  for (const folder of folders) {
    const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
    texts.set(`${manifest.name} ${manifest.version}`, await noticeOf(folder, manifest));
  }
  const sections = [...texts]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([title, text]) => `${line}\n${title}\n${line}\n\n${text}\n`);
  return `This program contains the following packages, under the licences that follow each name.\n\n${sections.join('\n')}`;
}

/** @throws {Error} if neither a text nor a name of a licence is known, because then it must not be shipped */
async function noticeOf(folder: string, { name, license }: Manifest): Promise<string> {
  const declared = typeof license === 'object' ? license.type : license;
  const files = (await readdir(folder)).filter((file) => licenceFile.test(file)).toSorted();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  if (declared === undefined && texts.length === 0) throw new Error(`${name} says nothing about its licence`);
  const declaration = declared === undefined ? [] : [`Licence: ${declared}`];
  const absent = texts.length === 0 ? ['The package comes without a text of its licence.'] : [];
  return [...declaration, ...absent, ...texts.map((text) => text.replaceAll('\r\n', '\n').trim())].join(
    '\n\n',
  );
}
