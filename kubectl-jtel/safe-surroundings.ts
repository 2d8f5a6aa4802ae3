/**
 * What every line of the plug-in passes on its way out: it holds no secret that the command has read, and nothing that
 * a terminal obeys, whoever wrote it. What containers print (`logs`, `exec`) does not pass here.
 */
import { SecretRegistry } from '../runtime/report/secret-registry.ts';
import type { Surroundings } from './surroundings.ts';
import { printableInOurColours } from './view/paint.ts';

export function safeSurroundings(surroundings: Surroundings): Surroundings {
  // The process ends soon, so it may remember all.
  const secrets = new SecretRegistry({ namespaceLimit: Infinity });
  const safe = (text: string): string => printableInOurColours(secrets.redact(text));
  const { ask } = surroundings;
  return {
    ...surroundings,
    secrets,
    print: (line) => surroundings.print(safe(line)),
    note: (line) => surroundings.note(safe(line)),
    ...(ask === undefined ? {} : { ask: (question, signal) => ask(safe(question), signal) }),
  };
}
