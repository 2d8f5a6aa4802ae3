import type { BackupDatabase } from '../../../../backup/job.ts';
import { JobError } from '../job-error.ts';
import type { SourceContext } from './context.ts';
/** placeholder until the next commit */
export async function readLogical(database: BackupDatabase, _context: SourceContext): Promise<{ tables: number; rows: number }> {
  await Promise.resolve();
  throw new JobError('SpecInvalid', `kind ${database.kind} is not there yet`);
}
