/** What was found for a backup: stack, store, release, host, job, and what comes first. Nothing in it is wished or planned. */

import type { JtelRestore, JtelStack } from '../../../crds/index.ts';
import type { HostObservation, JobReport } from '../../../host-driver/host.ts';
import type { Outcome } from '../../inputs/outcome.ts';
import type { Ignored } from '../../stores/backup-doubt.ts';
import type { Last } from '../desired/request.ts';

/** The store that the backup goes to. */
export interface StoreFacts {
  readonly name: string;
  readonly policy: 'Required' | 'Preferred' | 'None';
  readonly retentionDays: number;
  /** The key that encrypts new backups. */
  readonly keyID?: string;
  /** Why these credentials cannot give a job the right to write there; absent when they can. */
  readonly cannotSign?: string;
}

/** The release whose data are backed up: the applied one, which need not be the desired one. */
export interface ReleaseFacts {
  readonly version: string;
  readonly databaseService: string;
  /** Whether its database can be backed up by its files. */
  readonly canPhysical: boolean;
}

/** What the store has under the stack's identity. */
export interface History {
  /** The newest backup; undefined when there is none. */
  readonly newest?: {
    readonly backupID: string;
    readonly epoch: string;
    readonly writer: {
      readonly clusterID: string;
      readonly namespace: string;
      readonly name: string;
      readonly stackUID: string;
    };
  };
  /** Of the newest backup, too: what the next one will need. */
  readonly last?: Last;
  /** Newer manifests that do not count. */
  readonly ignored?: readonly Ignored[];
  /** What was made for the same order, or instead of it. */
  readonly served?: Served;
}

export interface Served {
  readonly backupID: string;
  /**
   * `LateCopy`: the first backup since the time that a late copy of a scheduled one is named after. `SameOrder`: git creates its
   * object again, and this one was made for it.
   */
  readonly is: 'LateCopy' | 'SameOrder';
}

/** Another request for the same stack that comes first. */
export interface Ahead {
  readonly kind: 'JtelBackup' | 'JtelRestore';
  readonly name: string;
  readonly phase: string;
  /** RFC 3339; when it began, or was created. */
  readonly since: string;
}

/** Why a backup is not looked at any further: nothing of its stack is asked before its turn. */
export type Held =
  /** RFC 3339. The stack's share of the spread is not over. */
  | { readonly until: 'Due'; readonly due: string; readonly inSeconds: number }
  /** As many as may run at the same time do, or are about to: in that store, of that namespace, or in all. */
  | {
      readonly until: 'Place';
      readonly store?: string;
      readonly namespace?: string;
      readonly most: number;
      /** So many others wait for the same and come first. */
      readonly before: number;
    };

export interface Observed {
  /** Undefined: there is no such stack. */
  readonly stack?: JtelStack;
  /** Backups of the same stack that run or come before this one, and restores under way. */
  readonly ahead: readonly Ahead[];
  /** Store, release and host were not looked at then. */
  readonly held?: Held;
  readonly store: Outcome<StoreFacts>;
  readonly release: Outcome<ReleaseFacts>;
  readonly host: Outcome<HostObservation>;
  /** The job of the current try. */
  readonly job?: JobReport;
  /** Read only when nothing else is in the way of a backup that is to begin. */
  readonly history?: Outcome<History>;
  /** The test restore that `verify: Restore` asks for. */
  readonly test?: JtelRestore;
}
