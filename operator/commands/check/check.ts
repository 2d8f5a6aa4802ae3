/** Runs the checks of `doctor/` as the operator; loaded only by its command. */
import { readOnlyDriver } from '../../../controllers/hosts/read-only.ts';
import { operatorName, stackKind, storeKind, type JtelBackupStore } from '../../../crds/index.ts';
import { clusterExaminations } from '../../../doctor/cluster.ts';
import { examine, type Examination } from '../../../doctor/examine.ts';
import { finding, ok, skipped } from '../../../doctor/finding.ts';
import { chooseStack, readManifests, tryManifest, type Tried } from '../../../doctor/manifest-check.ts';
import { hasFailed, reportObject, reportText } from '../../../doctor/report.ts';
import { overlaid } from '../../../doctor/read/overlay.ts';
import { readTextFile } from '../../../doctor/read/text-file.ts';
import { examineStore, stackExaminations } from '../../../doctor/stack.ts';
import { restrictEndpoints } from '../../../blob-store/endpoint-rules.ts';
import { createHostDriver } from '../../../host-driver/connect.ts';
import {
  ClusterClient,
  KubeConnection,
  SecretRegistry,
  type Cluster,
  type KubernetesObject,
} from '../../../runtime/index.ts';
import { CommandError, UsageError, type Terminal } from '../../../command-line/terminal.ts';
import { endpointRulesOf, type EndpointOptions } from '../endpoint-options.ts';

export interface CheckOptions extends EndpointOptions {
  readonly namespace: readonly string[];
  readonly stack?: { readonly namespace: string; readonly name: string };
  readonly filename?: string;
  readonly leaseNamespace: string;
  readonly leaseName: string;
  readonly timeoutSeconds: number;
  readonly output?: 'json';
  readonly kubeconfig?: string;
}

/** Stores that are asked without a stack. */
const mostStores = 50;

/** @returns false if a check failed */
export async function check(options: CheckOptions, terminal: Terminal): Promise<boolean> {
  const { endpoints, hostAddresses: addresses } = await endpointRulesOf(options);
  restrictEndpoints(endpoints);
  const { kubeconfig, namespace, leaseNamespace, leaseName, timeoutSeconds, output } = options;
  const connection = await KubeConnection.load({
    userAgent: operatorName,
    files: kubeconfig === undefined ? undefined : [kubeconfig],
  });
  const driver = readOnlyDriver(createHostDriver({ addresses }));
  try {
    const client = new ClusterClient({
      connection,
      fieldManager: operatorName,
      secrets: new SecretRegistry(),
    });
    const { signal } = terminal;
    const { tried, objects } = await subjectOf(options, client, signal);
    const cluster = overlaid(client, objects);
    const now = (): Date => new Date();
    const asker = 'Operator';
    const scope =
      namespace.length > 0
        ? namespace
        : tried?.stack === undefined
          ? 'All'
          : [tried.stack.metadata.namespace];
    const examinations: readonly Examination[] = [
      ...clusterExaminations({
        cluster,
        connection,
        asker,
        namespaces: scope,
        // As itself, so the account's name does not matter.
        operator: { namespace: leaseNamespace, leaseName, serviceAccount: leaseName },
        now,
      }),
      ...(tried === undefined
        ? [storesExamination(cluster, scope)]
        : [
            { checks: [], run: () => Promise.resolve(tried.findings) },
            ...(tried.stack === undefined
              ? []
              : stackExaminations({ stack: tried.stack, cluster, driver, addresses, asker, now })),
          ]),
    ];
    const findings = await examine(examinations, { signal, seconds: timeoutSeconds });
    const { metadata } = tried?.stack ?? {};
    const name = metadata === undefined ? undefined : `${metadata.namespace}/${metadata.name}`;
    if (output === 'json') terminal.print(JSON.stringify(reportObject(findings, name), undefined, 2));
    else for (const line of reportText(findings, { paint: (_, plain) => plain })) terminal.print(line);
    return !hasFailed(findings);
  } finally {
    await driver.close();
    await connection.close();
  }
}

interface Subject {
  /** Absent without a stack. */
  readonly tried?: Tried;
  readonly objects: readonly KubernetesObject[];
}

async function subjectOf(
  { stack: key, filename }: CheckOptions,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<Subject> {
  if (filename !== undefined) {
    const manifests = readManifests(
      [{ name: filename, text: await readTextFile(filename, process.stdin) }],
      key?.namespace ?? 'default',
    );
    const manifest = chooseStack(manifests, key?.name);
    if (manifest === undefined) throw new UsageError(`${filename} has no JtelStack ${key?.name}`);
    // The operator may not create stacks, not even as a trial.
    return { tried: await tryManifest(manifest, undefined), objects: manifests.objects };
  }
  if (key === undefined) return { objects: [] };
  const stack = await cluster.find(stackKind, key, { signal });
  if (stack === undefined) throw new CommandError(`there is no JtelStack ${key.namespace}/${key.name}`);
  const findings = [finding('manifest', ok('The stack exists, so the API server accepted it.'))];
  return { tried: { stack, findings }, objects: [] };
}

/** Every store of the namespaces, because there is no stack to name one. */
function storesExamination(cluster: Cluster, namespaces: readonly string[] | 'All'): Examination {
  return {
    checks: ['release-store', 'backup-store', 'immutability'],
    run: async (signal) => {
      const queries = namespaces === 'All' ? [{}] : namespaces.map((namespace) => ({ namespace }));
      const lists = await Promise.all(queries.map((query) => cluster.list(storeKind, query, { signal })));
      const stores: readonly JtelBackupStore[] = lists.flat().slice(0, mostStores);
      const found = await Promise.all(
        stores.map((store) => examineStore(store, { cluster, asker: 'Operator' }, [], signal)),
      );
      const none = skipped('There is no such store in these namespaces.', 'Ask again when there is one.');
      const all = found.flat();
      return [
        ...all,
        ...(['release-store', 'backup-store', 'immutability'] as const)
          .filter((name) => !all.some((one) => one.check === name))
          .map((name) => finding(name, none)),
      ];
    },
  };
}
