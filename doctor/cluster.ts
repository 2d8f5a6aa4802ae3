/** Examines the cluster and the operator in it. */
import { backupKind, channelKind, drillKind, restoreKind, stackKind, storeKind } from '../crds/index.ts';
import type { Cluster } from '../runtime/client/cluster.ts';
import type { KubeConnection } from '../runtime/client/connection.ts';
import type { Examination } from './examine.ts';
import { examineLeases, leaseNames } from './leases.ts';
import { finding, skipped, type Finding, type Judgement } from './finding.ts';
import { judgeApiServer, judgeFields, judgeKinds } from './judge/cluster.ts';
import type { Asker } from './judge/network.ts';
import {
  channelRights,
  identityRights,
  judgeOperatorsRights,
  judgePeoplesRights,
  leaseRights,
  signingRights,
  operatorRights,
  peoplesRights,
  scopeName,
} from './judge/rights.ts';
import {
  readMissingRights,
  readSchemas,
  readServedKinds,
  readVersion,
  type ServiceAccount,
} from './read/api.ts';

export interface ClusterSubject {
  readonly cluster: Pick<Cluster, 'find'>;
  readonly connection: KubeConnection;
  readonly asker: Asker;
  /** With stacks; All for an operator that looks after every namespace. */
  readonly namespaces: readonly string[] | 'All';
  readonly operator: OperatorPlace;
  readonly now: () => Date;
}

/** Where the operator is, as the chart installs it. */
export interface OperatorPlace {
  readonly namespace: string;
  readonly leaseName: string;
  readonly serviceAccount: string;
}

/** Plurals. */
export const wantedKinds: readonly string[] = [
  stackKind,
  backupKind,
  restoreKind,
  storeKind,
  channelKind,
  drillKind,
].map(({ plural }) => plural);

export function clusterExaminations(subject: ClusterSubject): readonly Examination[] {
  const { connection, asker } = subject;
  return [
    {
      checks: ['api-server'],
      run: async (signal) => [
        finding('api-server', judgeApiServer(await readVersion(connection, { signal }), connection.server)),
      ],
    },
    {
      checks: ['crds'],
      run: async (signal) => [
        finding(
          'crds',
          judgeKinds(await readServedKinds(connection, { signal }), stackKind.version, wantedKinds),
        ),
      ],
    },
    {
      checks: ['crd-fields'],
      run: async (signal) => [finding('crd-fields', judgeFields(await readSchemas(connection, { signal })))],
    },
    ...(asker === 'Person' ? [{ checks: ['rights'], run: peoples(subject) } as const] : []),
    { checks: ['operator-rights'], run: operators(subject) },
    {
      checks: ['operator'],
      run: async (signal) => [finding('operator', await examineLeases(subject, signal))],
    },
  ];
}

function peoples({ connection, namespaces }: ClusterSubject): Examination['run'] {
  return async (signal) => {
    const [namespace] = namespaces === 'All' ? [] : namespaces;
    const missing = await readMissingRights(connection, peoplesRights, namespace, undefined, { signal });
    return [finding('rights', judgePeoplesRights(missing ?? [], namespace ?? 'any'))];
  };
}

/** One finding for each namespace, and one for what the operator needs outside of them. */
function operators({ cluster, connection, asker, namespaces, operator }: ClusterSubject): Examination['run'] {
  const account: ServiceAccount | undefined =
    asker === 'Operator' ? undefined : { namespace: operator.namespace, name: operator.serviceAccount };
  const scopes: readonly (string | undefined)[] = namespaces === 'All' ? [undefined] : namespaces;
  return async (signal) => {
    const ask = async (
      scope: string,
      rights: readonly (typeof operatorRights)[number][],
      namespace: string | undefined,
    ): Promise<Finding> => {
      const missing = await readMissingRights(connection, rights, namespace, account, { signal });
      const judgement =
        missing === undefined ? mayNotAsk(account) : judgeOperatorsRights(missing, scope, rights.length);
      return finding('operator-rights', judgement, scope);
    };
    const names = await leaseNames({ cluster, operator }, signal);
    return await Promise.all([
      ...scopes.map((scope) => ask(scopeName(scope), operatorRights, scope)),
      ask(
        `its namespace ${operator.namespace}`,
        [...leaseRights(...names), ...signingRights],
        operator.namespace,
      ),
      ask('the cluster', [...identityRights, ...(namespaces === 'All' ? channelRights : [])], undefined),
    ]);
  };
}

function mayNotAsk(account: ServiceAccount | undefined): Judgement {
  return skipped(
    `You may not ask what ServiceAccount ${account?.namespace}/${account?.name} may do.`,
    'Have an administrator ask, or the operator itself: jtel-operator check in its pod (docs/doctor.md).',
  );
}
