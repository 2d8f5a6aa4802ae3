/** Asks the cluster for possible names, for a moment only. If it does not answer, there are none. */
import { backupKind, channelKind, stackKind, storeKind } from '../../crds/index.ts';
import { contextNames, defaultKubeconfigFiles } from '../../runtime/client/kubeconfig.ts';
import { namespaces } from '../../runtime/client/kinds.ts';
import { withKit, type Kit } from '../kit.ts';
import type { Candidate, OnTheLine, WantedName } from '../../command-line/completion/complete.ts';
import type { Surroundings } from '../surroundings.ts';

/** The options that say where to look. */
interface Place {
  readonly namespace?: string;
  readonly context?: string;
  readonly kubeconfig?: string;
}

interface Line extends Place {
  readonly positional: readonly string[];
}

const answerSeconds = 3;
type Source = (kit: Kit, line: Line) => Promise<readonly Candidate[]>;

export async function candidates(
  wanted: WantedName,
  { values, positional }: OnTheLine,
  surroundings: Surroundings,
): Promise<readonly Candidate[]> {
  const line: Line = { ...values, positional };
  if (wanted.name.toLowerCase() === 'context') return contexts(line, surroundings);
  const source = wanted.kind === 'Argument' ? ofArguments[wanted.name] : ofOptions[wanted.name];
  if (source === undefined) return [];
  try {
    return await withKit({ ...line, color: false, timeout: answerSeconds }, surroundings, (kit) =>
      source(kit, line),
    );
  } catch {
    // Nobody wants to read an error while typing.
    return [];
  }
}

const stacks: Source = async (kit) =>
  (await kit.cluster.list(stackKind, { namespace: kit.namespace }, kit.call)).map(
    ({ metadata, spec, status }) => ({
      value: metadata.name,
      description: `${spec.version} ${status?.phase ?? 'Pending'}`,
    }),
  );

const components: Source = async (kit, { positional: [name = ''] }) => {
  const stack = await kit.cluster.get(stackKind, { namespace: kit.namespace, name }, kit.call);
  return (stack.status?.components ?? []).map((one) => ({ value: one.name, description: one.state ?? '' }));
};

const backups: Source = async (kit, { positional: [stack] }) => {
  const all = await kit.cluster.list(backupKind, { namespace: kit.namespace }, kit.call);
  const own = all.filter(({ spec }) => stack === undefined || spec.stackRef.name === stack);
  const described = own
    .toSorted((a, b) => (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? 1 : -1))
    .map(({ metadata, status }) => ({
      value: metadata.name,
      description: [status?.phase, status?.backupID, status?.version]
        .filter((part) => part !== undefined)
        .join(' '),
    }));
  return [{ value: 'latest', description: 'newest complete backup in the store' }, ...described];
};

const revisions: Source = async (kit, { positional: [name = ''] }) => {
  const { readRevisions } = await import('../revisions.ts');
  const stack = await kit.cluster.get(stackKind, { namespace: kit.namespace, name }, kit.call);
  return (await readRevisions(kit, stack))
    .toReversed()
    .map(({ number, spec, time }) => ({ value: String(number), description: `${spec.version} ${time}` }));
};

const stores: Source = async (kit) =>
  (await kit.cluster.list(storeKind, { namespace: kit.namespace }, kit.call)).map(({ metadata, spec }) => ({
    value: metadata.name,
    description: spec.tier,
  }));

const channels: Source = async (kit) =>
  (await kit.cluster.list(channelKind, {}, kit.call)).map(({ metadata, spec, status }) => ({
    value: metadata.name,
    description: `${spec.version} ${status?.wave ?? ''}`.trimEnd(),
  }));

const allNamespaces: Source = async (kit) =>
  (await kit.cluster.list(namespaces, {}, kit.call)).map(({ metadata }) => ({ value: metadata?.name ?? '' }));

const ofArguments: Readonly<Record<string, Source>> = {
  STACK: stacks,
  COMPONENT: components,
  BACKUP: backups,
  CHANNEL: channels,
};
const ofOptions: Readonly<Record<string, Source>> = {
  namespace: allNamespaces,
  operatorNamespace: allNamespaces,
  revision: revisions,
  to: revisions,
  from: backups,
  store: stores,
  stack: stacks,
};

function contexts(line: Place, { environment }: Surroundings): readonly Candidate[] {
  try {
    return contextNames(
      line.kubeconfig === undefined ? defaultKubeconfigFiles(environment) : [line.kubeconfig],
    ).map((value) => ({ value }));
  } catch {
    return [];
  }
}
