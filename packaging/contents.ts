/** What every form of the command line brings beside its code: manual pages, completion, licences. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { completionScript, shells, type Program, type Shell } from '../command-line/completion/scripts.ts';
import { repositoryDirectory } from '../kit/paths.ts';
import { createProgram } from '../kubectl-jtel/program.ts';
import { silentSurroundings } from '../kubectl-jtel/surroundings.ts';
import { createOperatorProgram } from '../operator/commands/program.ts';
import { runCommand } from '../operator/commands/run.ts';
import type { PackagedFile } from './archive.ts';
import { manualPage } from './manual-page.ts';

export interface Edition {
  /** As in package.json, where it is printed from. */
  readonly version: string;
  /** When it was committed; everything in the packages bears this time. */
  readonly time: Date;
}

/** The product's own terms. krew asks for a file with this name. */
export const licence = await readFile(join(repositoryDirectory, 'LICENSE'), 'utf8');

/** Names as the shells look for them. */
const completionFiles: Readonly<Record<Shell, (program: Program) => string>> = {
  bash: (program) => `completions/bash/${program}`,
  zsh: (program) => `completions/zsh/_${program}`,
  fish: (program) => `completions/fish/${program}.fish`,
};

export function completions(programs: readonly Program[]): readonly (readonly [string, PackagedFile])[] {
  return programs.flatMap((program) =>
    shells.map(
      (shell) => [completionFiles[shell](program), { content: completionScript(shell, program) }] as const,
    ),
  );
}

const kubeconfigVariable = ['KUBECONFIG', 'kubeconfig files, as kubectl reads them'] as const;

export function pluginPage(edition: Edition): string {
  return manualPage(createProgram(silentSurroundings), {
    ...edition,
    name: 'kubectl-jtel',
    environment: [
      kubeconfigVariable,
      ['NO_COLOR', 'if not empty, nothing is coloured'],
      ['XDG_CACHE_HOME', 'where compiled code is kept for the next call; default: ~/.cache'],
    ],
    files: [['~/.kube/config', 'kubeconfig, without KUBECONFIG and --kubeconfig']],
    seeAlso: 'kubectl(1), jtel-operator(1)',
  });
}

export function operatorPage(edition: Edition): string {
  return manualPage(createOperatorProgram(silentSurroundings, [runCommand]), {
    ...edition,
    name: 'jtel-operator',
    environment: [kubeconfigVariable],
    files: [],
    seeAlso: 'kubectl(1), kubectl-jtel(1)',
  });
}
