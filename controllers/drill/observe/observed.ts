/** What was found for a drill: the stacks with their backups, its hosts, and the tests that it has begun. Nothing in it is planned. */
import type { DrillHost, DrillTest, JtelBackup, JtelRestore, JtelStack } from '../../../crds/index.ts';
import type { Host, HostFacts, HostState } from '../../../host-driver/host.ts';
import type { Outcome } from '../../inputs/outcome.ts';

/** A stack with all that is known of its backups and of their tests. */
export interface Member {
  readonly stack: JtelStack;
  readonly backups: readonly JtelBackup[];
  readonly restores: readonly JtelRestore[];
}

export interface SeenHost {
  readonly spec: DrillHost;
  /** Why it is nobody's place for tests. */
  readonly refusal?: string;
  /** Refused hosts are not looked at. */
  readonly facts: Outcome<HostFacts>;
}

/** What is left of a test on its host. `Gone` with the host: it is in no spec any more, and nobody knows its keys. */
export type Remains =
  | { readonly is: 'Clean' | 'Gone' | 'Unknown' }
  | { readonly is: 'Left'; readonly state: HostState | undefined; readonly facts: HostFacts };

export interface SeenTest {
  readonly test: DrillTest;
  /** Read live. */
  readonly restore?: JtelRestore;
  readonly backup?: JtelBackup;
  /** Only of tests that are over; looked at after they were. */
  readonly remains?: Remains;
}

export interface Observed {
  /** Those that the drill selects. */
  readonly members: readonly Member[];
  readonly hosts: readonly SeenHost[];
  readonly tests: readonly SeenTest[];
}

/** With the way to the host of each test that was looked at, by its uid; for acting, not for planning. */
export interface Gathered {
  readonly observed: Observed;
  readonly hosts: ReadonlyMap<string, Host>;
}

export function isOver({ status }: JtelRestore): boolean {
  return status?.phase === 'Completed' || status?.phase === 'Failed';
}

/** Over, gone, or never of this drill: its host must be clean now. */
export function isEnded({ test, restore }: Pick<SeenTest, 'test' | 'restore'>, drill: string): boolean {
  if (restore === undefined) return test.uid !== undefined;
  if (test.uid !== undefined && restore.metadata.uid !== test.uid) return true;
  return isOver(restore) || restore.spec.test?.drillRef?.name !== drill;
}
