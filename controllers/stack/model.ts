/** What the rooms of this controller hand to each other: what is desired, what was observed, what is planned. Pure data. */

import type {
  CarriedOutOrder,
  HostObservation,
  HostSetup,
  JobReport,
  RenderedRelease,
} from '../../host-driver/host.ts';
import type {
  JtelBackup,
  JtelRestore,
  JtelRestoreSpec,
  JtelStack,
  JtelStackStatus,
  Reason,
  StackConditionType,
} from '../../crds/index.ts';
import type { SwitchedVolumes } from '../../host-driver/volumes.ts';
import type { UpdateVerdict } from '../../release/fitness.ts';
import type { Comparison } from '../loading/compare-counts.ts';
import type { CertificateLife } from '../inputs/certificate-life.ts';
import type { CredentialRequest } from '../inputs/credential-secret.ts';
import type { DatabaseWay } from '../loading/restore-job.ts';
import type { Action } from './actions.ts';
import type { Outcome, Problem } from '../inputs/outcome.ts';
import type { DataLoss, Facts, Finding } from './findings.ts';
import type { FormerLook, RelocationLook } from './relocation.ts';
import type { Revisions } from './desired/revisions.ts';

/** What the release says that the planner needs; the rest is only of interest to rendering. */
export interface ReleaseFacts {
  readonly version: string;
  /** Services that hold the database, to be started alone for the load. */
  readonly databaseServices: readonly string[];
  /** Of MariaDB; absent when the release does not say. */
  readonly series?: string;
  /** Secret, and entry of it, with the keys of encryption at rest, and where the database's container has them; absent when the release has none. */
  readonly keys?: { readonly secretName: string; readonly entry: string; readonly path: string };
  /** Whether data of that version can be brought to this release in place. */
  readonly updateFrom: (version: string) => UpdateVerdict;
}

/** What data are loaded from. */
export interface DataSource {
  readonly kind: 'Vanilla' | 'Backup' | 'Import';
  /** For people: `vanilla 3.43.2`, `backup 20260105t020000z-3f9a1c`, `import from 192.0.2.7:3306`. */
  readonly source: string;
  readonly backupID?: string;
  /** Release that wrote them. */
  readonly version: string;
  readonly database: DatabaseWay;
  /** What people should know about the choice, such as newer backups that were skipped. */
  readonly note?: { readonly reason: Reason; readonly message: string };
  /** Orders that were carried out in the data before they were backed up. */
  readonly carriedOut?: readonly CarriedOutOrder[];
  /** Names of the data sets in it. */
  readonly dataSets?: readonly string[];
  /** What it takes on disk; absent when that is not known. */
  readonly bytes?: number;
}

/** A JtelRestore that was checked and now waits for this stack to carry it out; or the load of a move, on the new host. */
export interface DataOrder {
  readonly kind: 'Restore' | 'Relocation' | 'Undo';
  readonly name: string;
  /** What makes it the same order although its object is a new one; absent for a move. */
  readonly id?: string;
  /** uid of the JtelRestore, id of the move. */
  readonly requestUID: string;
  /** What to do with data that is there. */
  readonly onData: 'Refuse' | 'Replace';
  readonly backup: Outcome<DataSource>;
  readonly verify: JtelRestoreSpec['verify'];
  readonly inPlace: JtelRestoreSpec['inPlace'];
  readonly keepPreviousHours: number;
  /** Where it goes, if it can go beside the data in use. */
  readonly beside?: BesideVolumes;
  /** Undo only: uid of the JtelRestore that is undone. */
  readonly undoOf?: string;
}

/** Volumes that are to take the place of others. */
export interface BesideVolumes {
  /** Compose project that holds the database while it is loaded or looked into. */
  readonly project: string;
  /** Volume of the release → Docker volume. */
  readonly volumes: SwitchedVolumes;
  /** Docker volumes whose place they take. */
  readonly inUse: readonly string[];
}

/** What is there of a load beside the stack, as the host shows it. */
export interface BesideLook {
  readonly host: HostObservation;
  /** The job that counts what was loaded. */
  readonly count?: JobReport;
  /** Its result against the backup's manifest. */
  readonly comparison?: Comparison;
}

/** The stack as it should be, made concrete. */
export interface Desired {
  readonly release: RenderedRelease;
  readonly setup: HostSetup;
  readonly setupDigest: string;
  /** Absent if the release has none. */
  readonly certificate?: CertificateLife;
  /** The stack has no key for the names of its secrets yet, see `inputs/file-names.ts`. */
  readonly plainFileNames?: true;
}

/** A spec that the stack can be held to, made concrete as far as its inputs go. */
export interface Candidate {
  /** The stack with that spec. */
  readonly stack: JtelStack;
  /** SSH key, pull secret, certificate, environment secrets: everything referred to by name. */
  readonly secrets: Outcome<unknown>;
  readonly release: Outcome<ReleaseFacts>;
  /** Absent while credentials are missing or an input is. */
  readonly desired?: Desired;
  /** Which generated credentials are still to be made before anything can be rendered. */
  readonly missingCredentials?: CredentialRequest;
  /** What the release demands and the host lacks; empty when it is good. */
  readonly findings: readonly Finding[];
}

/** The spec that the stack is held to. */
export interface Choice extends Candidate {
  /** Why the spec as it stands cannot be begun; everything else here is of the last good one then. */
  readonly objection?: Refusal;
}

export interface Observed {
  readonly host: Outcome<HostObservation>;
  /** A JtelRestore or a move is to be carried out, which brings data of its own. */
  readonly bringsData: boolean;
  readonly loss?: DataLoss;
  /** The job that loads data for this stack, as the host reports it. */
  readonly load?: JobReport;
  /** What the first data are to be loaded from; looked for only while there are none. */
  readonly initialData?: Outcome<DataSource>;
  /** The oldest JtelRestore that is to be carried out. */
  readonly order?: DataOrder;
  /** Only while something is loaded beside the stack that needs a database of its own. */
  readonly beside?: Outcome<BesideLook>;
  /** The stack is being moved to the host that is observed here. */
  readonly relocation?: RelocationLook;
  /** While a stack is deleted whose host does not answer: the other one, on which its data are. */
  readonly home?: Pick<RelocationLook, 'from' | 'old'>;
  /** Former hosts that were not fenced yet. */
  readonly formers?: readonly FormerLook[];
  /** Name of a JtelRestore that is still being checked, while there are no data yet. */
  readonly restoreAhead?: string;
  /** The stack's change log; absent while it is being deleted. */
  readonly revisions?: Revisions;
  /** Names of backups that may still start a job on its host; looked for only while it is being deleted. */
  readonly openBackups?: readonly string[];
  /** The backup from before an update that is under way; of a finished one, while its retention is not in the status. */
  readonly updateBackup?: JtelBackup;
  /** The restore that brings back the data from before a failed update. */
  readonly wayBack?: JtelRestore;
}

/** A spec that is not begun: it waits, or somebody has to do something. */
export type Refusal = Extract<Verdict, { readonly kind: 'Blocked' | 'Wait' }>;

/** Who this operator is to the host. */
export interface Identity {
  readonly clusterID: string;
  /** Epoch under which this process holds the host; absent until it claimed it. */
  readonly heldEpoch?: number;
}

/** Name of the place where a stack stands; `status.ts` makes the phase from it. */
export type Step =
  | 'Inputs'
  | 'Credentials'
  | 'Host'
  | 'Preflight'
  | 'SetUp'
  | 'Data'
  | 'Restore'
  /** While it still serves. */
  | 'LoadBeside'
  | 'Relocate'
  | 'Window'
  | 'Backup'
  | 'Apply'
  | 'Fail'
  | 'Held'
  | 'WayBack'
  | 'Repair'
  | 'Health'
  | 'CleanUp'
  | 'Stop'
  | 'Delete'
  | 'Done';

export type Plan = Verdict & {
  /** The spec is new: it is recorded before anything else is done, whatever the verdict. */
  readonly record?: Extract<Action, { readonly type: 'RecordRevision' }>;
};

export type Verdict =
  /** Run these, in order, stop at the first failure, then look again. */
  | { readonly kind: 'Act'; readonly step: Step; readonly wave: readonly Action[]; readonly facts: Facts }
  /** Nothing to do but to wait for the host or a job. */
  | {
      readonly kind: 'Wait';
      readonly step: Step;
      readonly reason: Reason;
      readonly facts: Facts;
      readonly afterSeconds: number;
      /** The stack serves while it waits, and is looked after as ever. */
      readonly serving?: true;
    }
  /** Cannot go on; `stalled` when only a person can help. */
  | {
      readonly kind: 'Blocked';
      readonly step: Step;
      readonly condition: StackConditionType;
      readonly reason: Reason;
      readonly facts: Facts;
      readonly stalled: boolean;
      readonly afterSeconds: number;
      /** The JtelRestore that is being carried out ends with this; the stack goes on as it was. */
      readonly endsOrder?: true;
      readonly serving?: true;
    }
  | { readonly kind: 'Done'; readonly step: 'Done' | 'Stop' };

/** What a spec is judged by, before it is planned for. */
export interface SpecInput extends Choice {
  readonly observed: Observed;
  readonly now: Date;
}

export interface PlanInput extends SpecInput {
  readonly identity: Identity;
  /** Unix milliseconds at which the host was first found away. Default: as the status tells. */
  readonly awaySince?: number;
  /** How long everything must stay up after an update before it counts as good. Default 10. */
  readonly monitorSeconds?: number;
}

export type Stage = (input: PlanInput) => Verdict | undefined;

/** A wave that is running now, outside the worker. */
export interface Activity {
  readonly message: string;
  readonly progressPercent?: number;
}

/** What the status is made of. */
export interface StatusInput extends Choice {
  /** As it stands in the cluster, whatever it is held to. */
  readonly stack: JtelStack;
  readonly clusterID: string;
  readonly observed: Observed;
  readonly plan: Plan;
  readonly activity?: Activity;
  readonly failure?: Problem;
  readonly operation?: JtelStackStatus['operation'];
  /** Number of the change that the wave makes that is due, see `host-change.ts`. */
  readonly changeNumber?: number;
  readonly now: Date;
}

/** Nothing is changed on the host; deletion is an order of its own. */
export function isPaused({ metadata, spec }: JtelStack): boolean {
  return metadata.deletionTimestamp === undefined && (spec.suspend || spec.managementMode === 'Observe');
}
