/** Writes to an object whose status the operator writes again and again. */
import { CommandError } from '../command-line/terminal.ts';
import { isConflict } from '../runtime/client/api-error.ts';

const mostTries = 5;

/**
 * Each write of somebody else changes the version of the object. Only one field is meant, whatever else changed.
 * @param write reads the object again before it writes
 * @throws {CommandError}
 */
export async function despiteChanges<T>(name: string, write: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await write();
    } catch (error) {
      if (!isConflict(error)) throw error;
      if (tries < mostTries) continue;
      throw new CommandError(`nothing was written: somebody changed ${name} in the meantime; try again`, {
        cause: error,
      });
    }
  }
}
