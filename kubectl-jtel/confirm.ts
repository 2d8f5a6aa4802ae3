/** Asks before something is done. If nobody can answer, the answer is no. */
import { CommandError, UsageError } from '../command-line/terminal.ts';
import type { Kit } from './kit.ts';

/** @throws UsageError if there is nobody to ask; CommandError if the answer is no. */
export async function confirm(
  { surroundings, call }: Kit,
  question: string,
  yes: boolean | undefined,
): Promise<void> {
  if (yes === true) return;
  if (surroundings.ask === undefined) throw new UsageError('there is no terminal to ask you: add --yes');
  const answer = await surroundings.ask(`${question} [y/N] `, call.signal);
  if (!/^y(es)?$/i.test(answer.trim())) throw new CommandError('nothing was done');
}

/** For what cannot be undone: the person has to type the name. */
export async function confirmByName(
  { surroundings, call }: Kit,
  question: string,
  name: string,
  given: string | undefined,
): Promise<void> {
  if (given !== undefined) {
    if (given !== name)
      throw new UsageError(`--confirm ${given} is not the name of the stack, ${name}: nothing was done`);
    return;
  }
  if (surroundings.ask === undefined)
    throw new UsageError(`there is no terminal to ask you: add --confirm ${name}`);
  const answer = await surroundings.ask(`${question}\nType the name of the stack to continue: `, call.signal);
  if (answer.trim() !== name) throw new CommandError('nothing was done');
}
