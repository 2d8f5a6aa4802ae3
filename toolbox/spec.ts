/**
 * What the operator asks for. It is checked here as a whole, so that a job never stops half-way over a
 * missing field.
 */
import { FormatError, read } from '../backup-format/schema.ts';
import { jobInput, type JobInput } from '../jobs/job.ts';
import { JobError } from './job-error.ts';

/**
 * @throws {JobError} SpecInvalid, which names the field. Values are not repeated, because they may be
 * secrets.
 */
export function parseSpec(text: string): JobInput {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new JobError('SpecInvalid', 'the job spec is not JSON'); // without the parser's message: it quotes the text
  }
  try {
    return read(jobInput, document, 'job spec');
  } catch (error) {
    if (error instanceof FormatError) throw new JobError('SpecInvalid', error.message, error);
    throw error;
  }
}
