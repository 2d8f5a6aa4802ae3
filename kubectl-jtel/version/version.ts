/** `kubectl jtel version` says what runs where, and whether it fits together. */
import { ExitCode } from '../../command-line/command-line.ts';
import type { Kit } from '../kit.ts';
import { printObject } from '../output.ts';
import { versionFacts } from './facts.ts';
import { findingsOf } from './fitness.ts';
import { versionView } from './view.ts';

export interface VersionOptions {
  readonly client?: boolean;
  readonly output?: 'json' | 'yaml';
}

/**
 * @param namespace the only one to look for the operator in; undefined: all.
 * @throws ExitCode 1 if something does not fit.
 */
export async function version(
  kit: Kit,
  namespace: string | undefined,
  { output }: VersionOptions,
): Promise<void> {
  const facts = await versionFacts(kit, namespace);
  const findings = findingsOf(facts);
  const fits = findings.every(({ kind }) => kind !== 'Problem');
  if (output === undefined) kit.print(versionView(facts, findings, kit.view()));
  else await printObject(kit, { ...facts, fits, findings }, output);
  if (!fits) throw new ExitCode(1);
}
