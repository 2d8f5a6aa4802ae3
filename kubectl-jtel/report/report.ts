/** `kubectl jtel report` collects what support needs into one archive, after it has listed what is in it. */
import { access, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import packageFile from '../../package.json' with { type: 'json' };
import { CommandError } from '../../command-line/terminal.ts';
import { callApi } from '../../runtime/client/transport.ts';
import { SecretRegistry } from '../../runtime/report/secret-registry.ts';
import { timedName } from '../../base/time.ts';
import { getStack, type Kit } from '../kit.ts';
import { printObject } from '../output.ts';
import { ProgressLine } from '../progress-line.ts';
import { archiveOf, contents } from './archive.ts';
import { Collection, type Collected } from './collection.ts';
import { collectHost } from './host.ts';
import { collectObjects, collectSecrets, type Scope } from './objects.ts';
import { collectJobLogs, collectOperator } from './operator.ts';
import { optional } from '../../base/optional.ts';
import { fold } from '../../base/fold.ts';
import { printable } from '../../base/printable.ts';

export interface ReportOptions {
  readonly file?: string;
  readonly dryRun?: boolean;
  readonly host?: boolean;
  readonly operatorNamespace: string;
  readonly output?: 'json' | 'yaml';
}

export async function report(kit: Kit, name: string | undefined, options: ReportOptions): Promise<void> {
  if (name !== undefined) await getStack(kit, name);
  const { surroundings, namespace } = kit;
  const now = surroundings.now();
  const scope: Scope = { namespace, ...optional({ stack: name }) };
  const about = timedName(name === undefined ? namespace : `${namespace}-${name}`, 'report', now);
  const file = options.file ?? `${about}.tar.gz`;
  if (options.dryRun !== true) await refuseExisting(file);
  const { collected, masked } = await collect(kit, scope, options);
  const head = [
    `Report of ${name === undefined ? `namespace ${namespace}` : `stack ${namespace}/${name}`}, made at ${now.toISOString()} by kubectl-jtel ${packageFile.version}.`,
    masked,
    'What looks like a password, key or token is masked as [redacted].',
  ];
  if (options.output === undefined) {
    const { width } = kit.view();
    kit.print([...head, '', ...contents(collected)].flatMap((line) => fold(printable(line), width)));
  }
  if (options.dryRun !== true) await write(file, await archiveOf(about, head, collected, now));
  if (options.output !== undefined)
    return await printObject(
      kit,
      listed(options.dryRun === true ? undefined : file, collected),
      options.output,
    );
  kit.print([
    '',
    options.dryRun === true
      ? 'Nothing was written (--dry-run).'
      : `Written to ${file}. Read it before you send it.`,
  ]);
}

async function collect(
  kit: Kit,
  scope: Scope,
  options: ReportOptions,
): Promise<{ readonly collected: Collected; readonly masked: string }> {
  const secrets = new SecretRegistry({ namespaceLimit: Infinity });
  const line = new ProgressLine(kit);
  let parts = 0;
  const collection = new Collection({
    secrets,
    signal: kit.call.signal,
    progress: (path) => {
      parts += 1;
      line.show({ text: `part ${parts}: ${path}` });
    },
  });
  try {
    const masked = await collectSecrets(kit, scope, secrets, collection);
    await collectVersions(kit, collection);
    const stacks = await collectObjects(kit, scope, collection);
    await collectOperator(kit, options.operatorNamespace, collection);
    await collectJobLogs(kit, scope, collection);
    if (options.host === true) for (const stack of stacks) await collectHost(kit, stack, secrets, collection);
    return { collected: collection, masked };
  } finally {
    line.end();
  }
}

async function collectVersions({ connection }: Kit, collection: Collection): Promise<void> {
  const server = await collection.part('versions.yaml', (signal) =>
    callApi(
      connection,
      { method: 'GET', path: '/version', purpose: 'read the version of the API server' },
      { signal },
    ),
  );
  const { version: plugin } = packageFile;
  const { versions, platform, arch } = process;
  await collection.keepObject('versions.yaml', { plugin, node: versions.node, platform, arch, server });
}

function listed(file: string | undefined, { entries, missing }: Collected): object {
  return {
    ...optional({ file }),
    entries: entries.map(({ path, text, isCut }) => ({
      path,
      bytes: Buffer.byteLength(text),
      ...(isCut ? { isCut } : {}),
    })),
    missing,
  };
}

async function refuseExisting(file: string): Promise<void> {
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (isThere) throw new CommandError(`${basename(file)} exists already: name another file with --file`);
}

async function write(file: string, archive: Buffer): Promise<void> {
  try {
    await writeFile(file, archive, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return await refuseExisting(file);
    // What was begun is of no use.
    if (code === 'ENOSPC' || code === 'EIO') await rm(file, { force: true });
    throw new CommandError(`the report could not be written: ${message}`, { cause: error });
  }
}
