/**
 * Runs one job on a compose host and ends. In: `/run/job/spec.json` (0600, removed as soon as it was read). Out: JSON lines
 * on stdout: `{"progress":{step,percent,message}}`, and last `{"result":…}` with exit code 0 or
 * `{"error":{reason,message}}` with exit code 1. SIGTERM stops the job cleanly; its data then is as after a crash: the next
 * try of the same job carries on.
 */
import { readFile, unlink } from 'node:fs/promises';
import { backup } from './backup/backup.ts';
import { count } from './count.ts';
import { JobError, toJobError } from './job-error.ts';
import { load } from './load.ts';
import { probe } from './probe.ts';
import { takeProxy } from './proxy.ts';
import { progressReport } from './report.ts';
import type { Report } from './report.ts';
import { restore } from './restore/restore.ts';
import { parseSpec } from './spec.ts';
import type { Spec } from './spec.ts';

const specPath = '/run/job/spec.json';

/** @throws {JobError} */
async function takeSpec(): Promise<Spec> {
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

async function run(spec: Spec, report: Report): Promise<unknown> {
  switch (spec.type) {
    case 'probe':
      return await probe(spec, stop.signal);
    case 'load':
      return await load(spec, report, stop.signal);
    case 'backup':
      return await backup(spec, report, stop.signal);
    case 'restore':
      return await restore(spec, { report, signal: stop.signal });
    case 'count':
      return await count(spec, report, stop.signal);
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
