/**
 * Runs one job on a compose host and ends. In: `/run/job/spec.json` (0600, removed as soon as it was read).
 * Out: JSON lines on stdout: `{"progress":{step,percent,message}}`, and last `{"result":…}` with exit code 0
 * or `{"error":{reason,message}}` with exit code 1. SIGTERM stops the job cleanly; its data then is as after
 * a crash: the next try of the same job carries on.
 */
import { readFile, unlink } from 'node:fs/promises';
import { JobError, toJobError } from './job-error.ts';
import { takeProxy } from './proxy.ts';
import { progressReport } from './report.ts';
import type { Report } from './report.ts';
import { parseSpec } from './spec.ts';
import type { JobInput, JobResult } from '../jobs/job.ts';

const specPath = '/run/job/spec.json';

/** @throws {JobError} */
async function takeSpec(): Promise<JobInput> {
  let text: string;
  try {
    text = await readFile(specPath, 'utf8');
  } catch (error) {
    const message = `${specPath} cannot be read: a job container gets its input before its start, and can be started once`;
    throw new JobError('SpecMissing', message, error);
  }
  await unlink(specPath);
  const spec = parseSpec(text);
  const command = process.argv[2];
  if (command !== undefined && command !== spec.type)
    throw new JobError('SpecInvalid', `the command says ${command}, the job spec says ${spec.type}`);
  return spec;
}

/** Each job imports its own modules: reading those of all others takes a tenth of a second. */
async function run(spec: JobInput, report: Report): Promise<JobResult> {
  const { signal } = stop;
  switch (spec.type) {
    case 'probe':
      return await (await import('./probe.ts')).probe(spec, signal);
    case 'load':
      return await (await import('./load.ts')).load(spec, report, signal);
    case 'import':
      return await (await import('./import/import.ts')).importDatabase(spec, report, signal);
    case 'backup':
      return await (await import('./backup/backup.ts')).backup(spec, report, signal);
    case 'restore':
      return await (await import('./restore/restore.ts')).restore(spec, { report, signal });
    case 'count':
      return await (await import('./count.ts')).count(spec, report, signal);
    case 'smoke':
      return await (await import('./smoke.ts')).smoke(spec, signal);
  }
}

const writeLine = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());

try {
  await takeProxy();
  const spec = await takeSpec();
  const report = progressReport(writeLine, () => performance.now());
  const result = await run(spec, report);
  writeLine(JSON.stringify({ result }));
} catch (error) {
  const { reason, message } = toJobError(error);
  writeLine(JSON.stringify({ error: { reason, message } }));
  process.exitCode = 1;
}
