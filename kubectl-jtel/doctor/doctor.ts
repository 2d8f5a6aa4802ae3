/** `kubectl jtel doctor` runs the checks of `doctor/` from a person's machine, with their rights. */
import { readFile } from 'node:fs/promises';
import { readOnlyDriver } from '../../controllers/hosts/read-only.ts';
import { stackKind, type JtelStack } from '../../crds/index.ts';
import { clusterExaminations } from '../../doctor/cluster.ts';
import { examine, type Examination } from '../../doctor/examine.ts';
import { each, finding, ok, skipped, type Finding } from '../../doctor/finding.ts';
import {
  chooseStack,
  readManifests,
  stackChecks,
  tryManifest,
  type Tried,
} from '../../doctor/manifest-check.ts';
import { hasFailed, reportObject, reportText } from '../../doctor/report.ts';
import { overlaid } from '../../doctor/read/overlay.ts';
import { readTextFile } from '../../doctor/read/text-file.ts';
import { stackExaminations } from '../../doctor/stack.ts';
import { createHostDriver } from '../../host-driver/connect.ts';
import { ApiError } from '../../runtime/client/api-error.ts';
import type { KubernetesObject } from '../../runtime/objects.ts';
import { UsageError } from '../../command-line/terminal.ts';
import { getStack, requireName, type Kit } from '../kit.ts';
import { printObject } from '../output.ts';
import { ProgressLine } from '../progress-line.ts';

export interface DoctorOptions {
  readonly filename?: readonly string[];
  readonly sshKey?: string;
  readonly operatorNamespace: string;
  readonly operatorName: string;
  readonly output?: 'json' | 'yaml';
}

const usualSeconds = 60;

/** @returns false if a check failed */
export async function diagnose(
  kit: Kit,
  name: string | undefined,
  options: DoctorOptions,
  seconds = usualSeconds,
): Promise<boolean> {
  if (name !== undefined) requireName(name, 'STACK');
  const driver = readOnlyDriver(createHostDriver());
  try {
    const { tried, objects } = await subjectOf(kit, name, options);
    const { stack } = tried;
    const { surroundings, connection } = kit;
    const cluster = overlaid(kit.cluster, [...objects, ...(await keySecrets(stack, options.sshKey))]);
    const examinations: readonly Examination[] = [
      ...clusterExaminations({
        cluster,
        connection,
        asker: 'Person',
        namespaces: [stack?.metadata.namespace ?? kit.namespace],
        operator: {
          namespace: options.operatorNamespace,
          leaseName: options.operatorName,
          serviceAccount: options.operatorName,
        },
        now: surroundings.now,
      }),
      ...(stack === undefined
        ? []
        : stackExaminations({ stack, cluster, driver, asker: 'Person', now: surroundings.now })),
      {
        checks: [...new Set(tried.findings.map(({ check }) => check))],
        run: () => Promise.resolve(tried.findings),
      },
    ];
    const findings = await withProgress(kit, examinations, seconds);
    await show(kit, findings, stack, options.output);
    return !hasFailed(findings);
  } finally {
    await driver.close();
  }
}

interface Subject {
  readonly tried: Tried;
  /** Of the manifests. */
  readonly objects: readonly KubernetesObject[];
}

async function subjectOf(
  kit: Kit,
  name: string | undefined,
  { filename = [] }: DoctorOptions,
): Promise<Subject> {
  if (name === undefined && filename.length === 0) return { tried: { findings: [] }, objects: [] };
  const { asIfApplied } = await import('../plan/dry-run.ts');
  const files = await Promise.all(
    filename.map(async (file) => ({ name: file, text: await readTextFile(file, kit.surroundings.stdin) })),
  );
  const manifests = readManifests(files, kit.namespace);
  const { objects } = manifests;
  const manifest = chooseStack(manifests, name);
  if (manifest === undefined) return { tried: await existing(kit, name ?? ''), objects };
  const { namespace = '', name: given = '' } = manifest.metadata ?? {};
  requireName(given, 'metadata.name');
  return {
    tried: await tryManifest(manifest, () => asIfApplied(kit, manifest, { namespace, name: given })),
    objects,
  };
}

/** @throws CommandError if it does not exist */
async function existing(kit: Kit, name: string): Promise<Tried> {
  try {
    const stack = await getStack(kit, name);
    const is = `${stackKind.kind} ${stack.metadata.namespace}/${name}`;
    return { stack, findings: [finding('manifest', ok(`${is} exists, so the API server accepted it.`))] };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const unread = skipped(
      `JtelStack ${kit.namespace}/${name} could not be read: ${error.message}`,
      'Correct what the checks of the cluster say, or give its manifest with -f.',
    );
    return { findings: each(['manifest', ...stackChecks], unread) };
  }
}

/** The key from a file in the place of the Secrets that the host names. */
async function keySecrets(
  stack: JtelStack | undefined,
  file: string | undefined,
): Promise<readonly KubernetesObject[]> {
  if (stack === undefined || file === undefined) return [];
  const { sshSecretRef, jumpHost } = stack.spec.host;
  const key = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`cannot read ${file}: ${error.code ?? String(error)}`);
  });
  const names = [sshSecretRef.name, ...(jumpHost === undefined ? [] : [jumpHost.sshSecretRef.name])];
  return names.map((name) => ({
    kind: 'Secret',
    metadata: { namespace: stack.metadata.namespace, name },
    data: { 'ssh-privatekey': key.toString('base64') },
  }));
}

async function withProgress(
  kit: Kit,
  examinations: readonly Examination[],
  seconds: number,
): Promise<readonly Finding[]> {
  const { signal, screen } = kit.surroundings;
  const line = new ProgressLine(kit);
  const total = examinations.flatMap(({ checks }) => checks).length;
  try {
    return await examine(examinations, {
      signal,
      seconds,
      ...(screen === undefined
        ? {}
        : {
            onProgress: (waiting) =>
              line.show({
                percent: (100 * (total - waiting.length)) / total,
                text: `${total - waiting.length} of ${total} checks; waiting for ${waiting.join(', ') || 'nothing'}`,
              }),
          }),
    });
  } finally {
    line.end();
  }
}

async function show(
  kit: Kit,
  findings: readonly Finding[],
  stack: JtelStack | undefined,
  output: DoctorOptions['output'],
): Promise<void> {
  const name = stack === undefined ? undefined : `${stack.metadata.namespace}/${stack.metadata.name}`;
  if (output !== undefined) await printObject(kit, reportObject(findings, name), output);
  else kit.print(reportText(findings, kit.view()));
}
