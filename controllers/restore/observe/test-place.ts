/** On which host a test restore runs, and where the keys to it lie. */

import {
  drillKind,
  type JtelDrill,
  type JtelRestore,
  type JtelStack,
  type StackHost,
} from '../../../crds/index.ts';
import type { HostFacts } from '../../../host-driver/host.ts';
import type { CallOptions, Cluster } from '../../../runtime/client/cluster.ts';
import { hostOwner, type HostOwner } from '../../hosts/host-owner.ts';
import type { Problem } from '../../inputs/outcome.ts';

/** All stacks and drills that the operator sees. */
export interface Fleet {
  readonly stacks: { readonly list: () => readonly JtelStack[] };
  readonly drills?: { readonly list: () => readonly JtelDrill[] };
}

export interface TestPlace {
  readonly host: StackHost;
  /** Of the Secrets that it names; or why they are not known. */
  readonly namespace: string | Problem;
  /** Names it in messages. */
  readonly field: string;
}

/**
 * The test stays on the host where it began: its stack may have been moved or deleted since, and its drill changed.
 * @returns undefined if there is no host (yet): the drill has not asked for this test, or the stack is not there
 */
export async function testPlace(
  { metadata, spec, status }: JtelRestore,
  stack: JtelStack | undefined,
  cluster: Cluster,
  options: CallOptions,
): Promise<TestPlace | undefined> {
  const { testHost } = status ?? {};
  const drillRef = spec.test?.drillRef;
  if (drillRef === undefined) {
    const host = testHost ?? spec.test?.host ?? stack?.spec.host;
    const field = spec.test === undefined ? `spec.host of JtelStack ${spec.stackRef.name}` : 'spec.test.host';
    return host === undefined ? undefined : { host, namespace: metadata.namespace, field };
  }
  const drill = await cluster.find(drillKind, { namespace: '', name: drillRef.name }, options);
  const field = `spec.hosts of JtelDrill ${drillRef.name}`;
  if (drill === undefined) return testHost && { host: testHost, namespace: noDrill(drillRef.name), field };
  const { secretNamespace: namespace, hosts } = drill.spec;
  if (testHost !== undefined) return { host: testHost, namespace, field };
  // By its uid: anybody may create one of that name.
  const turn = drill.status?.tests?.find(({ uid }) => uid === metadata.uid);
  const host = hosts.find(({ name }) => name === turn?.host)?.host;
  return host === undefined ? undefined : { host, namespace, field };
}

/**
 * Whether the host that somebody wrote into the test is another one's. A test that has begun goes on to its end.
 * @param facts of the host, once it was looked at
 */
export function foreignOwner(
  { metadata: { namespace }, spec, status }: JtelRestore,
  { stacks, drills }: Fleet,
  facts?: HostFacts,
): HostOwner | undefined {
  const host = spec.test?.host;
  if (host === undefined || status?.testHost !== undefined) return undefined;
  const others = stacks
    .list()
    .filter(({ metadata }) => metadata.namespace !== namespace || metadata.name !== spec.stackRef.name);
  return hostOwner(host, others, drills?.list() ?? [], facts);
}

function noDrill(name: string): Problem {
  return {
    reason: 'DrillTurnMissing',
    message: `JtelDrill ${name}, which knows the keys of the host, does not exist any more.`,
  };
}
