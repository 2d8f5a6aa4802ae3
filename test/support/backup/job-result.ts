/** Holds what jobs really say to their contract. */
import { expect } from 'vitest';
import { read } from '../../../backup-format/schema.ts';
import { jobResults, type JobInput, type JobResult } from '../../../jobs/job.ts';

/**
 * The result of a job. It has everything that its schema requires, and nothing that the schema does not know.
 */
export function checkedResult<T extends JobInput['type']>(type: T, result: unknown): JobResult<T> {
  const known = read<unknown>(jobResults[type], result, `the result of the ${type} job`);
  expect(known).toEqual(result);
  return known as JobResult<T>;
}
