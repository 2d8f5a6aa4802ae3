/** What an import brought and what it did not, in the status; pure. */

import { FormatError, read } from '../../../backup-format/schema.ts';
import type { JtelStack, JtelStackStatus } from '../../../crds/index.ts';
import type { JobReport } from '../../../host-driver/host.ts';
import { importJobResult, type ImportJobResult } from '../../../jobs/import.ts';
import { importJobs, pullTime } from '../plan/stages/import.ts';
import { importOrigin } from '../../inputs/import-source.ts';
import type { StatusInput } from '../model.ts';

/** The status is not made larger than that. */
const mostListed = 100;

type ImportStatus = NonNullable<JtelStackStatus['import']>;

/** Kept once the stack has its data. */
export function summariseImport({ stack, observed }: StatusInput): ImportStatus | undefined {
  const known = stack.status?.import;
  if (stack.spec.initialData.source !== 'Import') return known?.finishTime === undefined ? undefined : known;
  const data = observed.host.ok ? observed.host.value.state?.data : undefined;
  // The job that pulled is still there for a while, and says nothing new.
  if (data !== undefined) return finished(stack, data);
  const { load } = observed;
  // It pulls anew: from another place, or because its job is gone. What is known is of the pull before.
  if (load?.job.uid === importJobs(stack).pull && load.job.state !== 'Succeeded') return undefined;
  const result = resultOf(observed.load);
  const job = observed.load?.job;
  if (result === undefined || job === undefined) return known;
  const time = pullTime(job);
  const { tables, rows, copied, remarks, moreRemarks } = result;
  if (result.phase === 'Finish')
    return {
      ...(known ?? { pullTime: time }),
      tables,
      finishTime: known?.finishTime ?? time,
      rows,
      copiedTables: copied,
    };
  const listed = remarks.slice(0, mostListed).map(({ kind, what }) => ({ kind, what }));
  const more = moreRemarks + remarks.length - listed.length;
  return {
    pullTime: time,
    tables,
    ...(listed.length === 0 ? {} : { notBrought: listed }),
    ...(more === 0 ? {} : { moreNotBrought: more }),
  };
}

/** The job that finished is removed with the record of its data, which may be all that an operator finds that was killed. */
function finished(
  { spec, status }: JtelStack,
  { source, time }: { readonly source: string; readonly time: string },
): ImportStatus | undefined {
  const known = status?.import;
  const database = spec.initialData.import?.database;
  if (known === undefined || known.finishTime !== undefined || database === undefined) return known;
  const isOfImport = source === importOrigin({ host: database.address, port: database.port });
  return isOfImport ? { ...known, finishTime: time } : known;
}

function resultOf(report: JobReport | undefined): ImportJobResult | undefined {
  if (report?.job.type !== 'import' || report.job.state !== 'Succeeded') return undefined;
  try {
    return read(importJobResult, report.result, 'the result of the import');
  } catch (error) {
    if (error instanceof FormatError) return undefined; // of another version of the toolbox
    throw error;
  }
}
