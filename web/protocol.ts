/**
 * What the page and its server say to each other. Types only, so the page's bundle has nothing of the server.
 *
 * The page lies under any prefix, so every address is relative to it:
 *
 * | Address                          | Answer                                                            |
 * |----------------------------------|-------------------------------------------------------------------|
 * | `./`                             | the page                                                          |
 * | `GET ./api/session`              | {@link About}; 401 with {@link SignIn} for somebody unknown       |
 * | `POST ./api/session`             | body {@link SignInRequest}; 204 and a cookie, or 401              |
 * | `DELETE ./api/session`           | 204; the cookie is gone                                           |
 * | `./api/stream`                   | Server-sent events, see {@link StreamEvents}                      |
 * | `./api/stacks/NS/NAME/detail`    | {@link StackDetail}                                               |
 * | `./api/stacks/NS/NAME/plan`      | {@link Plan}; takes seconds, because it looks at the host         |
 *
 * The last part of an address alone says what it is, so neither a prefix nor a name can be taken for another.
 * A row that has a `context` wants it in the last two: `?context=NAME`. Any other status than 2xx has a
 * {@link Failure} as its body. Times are RFC 3339 in UTC. Text comes from outside: show it, never run it.
 */

// ---- Who looks -------------------------------------------------------------------------------------------

/** Who looks, at what, and what stays hidden. */
export interface About {
  /** Version of the program that serves the page. */
  readonly version: string;
  /** Name of the script of the page that belongs to this server; a page with another one is outdated. */
  readonly page?: string;
  /** `Plugin`: `kubectl jtel web` with the user's own rights. `Operator`: the operator's own page. */
  readonly servedBy: 'Plugin' | 'Operator';
  /** Name of the user; absent if the server does not know it. */
  readonly user?: string;
  /** Never empty. More than one only from the plug-in. */
  readonly contexts: readonly ContextAbout[];
  /** What this user may not read, so that an empty list is not taken for "there is none". */
  readonly limits: readonly Limit[];
  /** How to leave: only where somebody signed in with a token of the cluster. */
  readonly canSignOut: boolean;
}

/** A cluster that is looked at. */
export interface ContextAbout {
  /** The kubeconfig's name for it; empty if the operator serves the page. */
  readonly name: string;
  /** The namespaces that are looked at, as far as this user may know of them. */
  readonly namespaces: readonly string[] | 'All';
  /** Whether everything was read once. Until then, rows are missing. */
  readonly synced: boolean;
  /** Why what is shown may be old: the API does not answer, or the log-in has expired. */
  readonly trouble?: string;
}

/** Something that the user may not read. */
export interface Limit {
  readonly context?: string;
  /** Absent: in all namespaces. */
  readonly namespace?: string;
  readonly what: 'stacks' | 'stores' | 'backups' | 'restores';
  /** A sentence. */
  readonly message: string;
}

/** How somebody unknown becomes known. */
export interface SignIn {
  /**
   * `Link`: the page was opened with `#token=…` in its address, which it sends by `POST ./api/session` and
   * removes from the address; without it, say to run `kubectl jtel web` again. `Token`: ask for a token of
   * the cluster (`kubectl create token NAME`) and send it. `Proxy`: only the authenticating proxy can help.
   */
  readonly how: 'Link' | 'Token' | 'Proxy';
  /** A sentence. */
  readonly message: string;
}

export interface SignInRequest {
  readonly token: string;
}

/** Body of an answer that is not 2xx; for 401 with `signIn`. */
export interface Failure {
  /** A sentence. */
  readonly message: string;
  readonly signIn?: SignIn;
}

// ---- The stream ------------------------------------------------------------------------------------------

/**
 * Names of the events and their data, as JSON. Each has an id; a browser that comes back names the last one
 * and gets what it missed, or a new snapshot. Changes are gathered for 250 ms.
 */
export interface StreamEvents {
  /** Replaces everything, in parts. */
  readonly snapshot: SnapshotPart;
  /** Rows that are new or different; each replaces the one of the same key. */
  readonly changed: Changed;
  readonly removed: Removed;
  /** The server ends the stream for good: do not come back by yourself. */
  readonly ended: Ended;
}

export interface SnapshotPart {
  /** The first part: forget all rows. */
  readonly isFirst: boolean;
  /** Nothing is missing any more after the last part. */
  readonly isLast: boolean;
  /** In the first part. */
  readonly about?: About;
  /** At most 100, the most urgent of all parts first. */
  readonly stacks: readonly StackRow[];
  readonly stores: readonly StoreRow[];
}

export interface Changed {
  readonly about?: About;
  readonly stacks?: readonly StackRow[];
  readonly stores?: readonly StoreRow[];
}

/** Keys of rows. */
export interface Removed {
  readonly stacks?: readonly string[];
  readonly stores?: readonly string[];
}

export interface Ended {
  /** `SignIn`: the log-in has ended; ask `./api/session`. `Stopped`: the server stops. */
  readonly reason: 'SignIn' | 'Stopped';
  readonly message: string;
}

// ---- Rows ------------------------------------------------------------------------------------------------

/** How something is judged, as `kubectl jtel status` does; symbol and colour follow from it. */
export type Verdict = 'Good' | 'Bad' | 'Busy' | 'Unknown' | 'Neutral';

/** A stack in the list. */
export interface StackRow {
  /** Identifies the row: `NAMESPACE/NAME`, with `CONTEXT/` before it if there are several. */
  readonly key: string;
  /** Only if there are several. */
  readonly context?: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;

  /** What runs; absent if nothing does yet. */
  readonly version?: string;
  readonly wantedVersion: string;
  readonly size: 'Small' | 'Medium' | 'Large';
  /** Address of the host. */
  readonly host: string;

  /** Order of urgency: the smallest first; of two alike, by key. */
  readonly urgency: number;
  readonly verdict: Verdict;
  readonly phase: string;
  /** Since when it is in this phase. */
  readonly since?: string;
  /** Whether it serves callers, although something may be wrong; absent if nobody knows. */
  readonly available?: boolean;
  /** Reason of what is wrong or under way. */
  readonly reason?: string;
  /** A sentence: what is wrong, what it waits for, or that all is well. */
  readonly message: string;
  /** `2/3` */
  readonly componentsReady?: string;
  readonly createdTime: string;
  readonly operation?: RunningOperation;

  /** Absent if the stack has no backup policy, or if backups may not be read. */
  readonly backups?: BackupStrip;
  /** Whether the stack has a backup policy. */
  readonly wantsBackups: boolean;
  readonly recoveryPoint?: RecoveryPoint;
  /** One that runs, else the last that ended, of a restore test or a backup that was restored as a test. */
  readonly restoreTest?: { readonly result: 'Passed' | 'Failed' | 'Running'; readonly time: string };
}

export interface RunningOperation {
  readonly type: string;
  readonly step?: string;
  /** 0–100 */
  readonly percent?: number;
  readonly since?: string;
  readonly message?: string;
}

/** A stack's backups of 30 days of UTC. */
export interface BackupStrip {
  /**
   * One letter for each day, the oldest first:
   * `-` the stack did not exist, `?` the objects of that time are gone, `n` none, `o` one is there, `v` one is
   * there and was verified, `d` one is there and doubtful (verification failed, or data are missing that were
   * there), `r` one runs, `f` failed and none is there.
   */
  readonly days: string;
  /** The last day, `2026-11-29`. */
  readonly lastDay: string;
}

/** How much would be lost if the host were lost now. */
export interface RecoveryPoint {
  /** Time of the newest data that a restore brings back. */
  readonly time: string;
  readonly objectiveSeconds?: number;
}

export interface StoreRow {
  /** Like that of a stack. */
  readonly key: string;
  readonly context?: string;
  readonly namespace: string;
  readonly name: string;
  readonly tier: 'Customer' | 'Vendor';
  readonly accessMode: 'ReadWrite' | 'ReadOnly';
  /** Account and container. */
  readonly place: string;
  readonly verdict: Verdict;
  /** Absent: not looked at yet. */
  readonly reachable?: boolean;
  /** Absent: not known. */
  readonly immutable?: boolean;
  readonly backups?: number;
  readonly lastBackupTime?: string;
  /** Keys whose signatures of backups it names; absent for a store of a vendor. */
  readonly keys?: readonly StoreKey[];
  /** What the last good backup of each of its stacks takes in it, as far as the cluster knows. */
  readonly bytes?: number;
  readonly message: string;
}

/** A key that signs backups. */
export interface StoreKey {
  readonly keyID: string;
  /** `InUse` signs new backups, `Earlier` did; `Added` is in spec.trustedKeys. */
  readonly use: 'InUse' | 'Earlier' | 'Added';
  /** Its signatures do not count. */
  readonly isRevoked: boolean;
}

// ---- One stack -------------------------------------------------------------------------------------------

/** A part of the detail, each with its own right. */
export type Part<T> =
  | { readonly items: readonly T[]; /** Older ones that are left out. */ readonly more: number }
  | { /** Why it is absent; a sentence. */ readonly absent: string };

export interface StackDetail {
  readonly row: StackRow;
  readonly conditions: readonly ConditionLine[];
  readonly components: readonly ComponentLine[];
  /** Label and text, in this order: host, system, disk, Docker, project, next backup, way back … */
  readonly facts: readonly (readonly [label: string, text: string])[];
  /** Newest first, as are the following. */
  readonly history: Part<HistoryLine>;
  readonly backups: Part<BackupLine>;
  readonly restores: Part<RestoreLine>;
  readonly events: Part<EventLine>;
  /** What to do next, the most useful first. */
  readonly commands: readonly CopyCommand[];
  /** Why there is no plan to ask for; absent if `./plan` has one. */
  readonly planAbsent?: string;
}

/** A command for a person to copy. The page itself changes nothing. */
export interface CopyCommand {
  /** What it does, for example `show the log of db`. */
  readonly purpose: string;
  readonly command: string;
}

export interface ConditionLine {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly verdict: Verdict;
  readonly reason: string;
  readonly message: string;
  /** What the reason means and what to do, from the reference of reasons. */
  readonly meaning?: string;
  readonly since: string;
}

export interface ComponentLine {
  readonly name: string;
  readonly verdict: Verdict;
  readonly image?: string;
  readonly digest?: string;
  readonly state?: string;
  readonly health?: string;
  readonly restarts?: number;
  readonly command: CopyCommand;
}

export interface HistoryLine {
  readonly revision?: number;
  readonly version?: string;
  readonly action?: string;
  readonly result?: string;
  readonly startTime?: string;
  readonly completionTime?: string;
  readonly downtimeSeconds?: number;
  /** Commit that the spec came from. */
  readonly sourceRevision?: string;
  /** The program that wrote the spec. */
  readonly changedBy?: string;
  readonly message?: string;
  /** Whether this revision is the current spec, or the one that runs. */
  readonly marks: readonly ('Wanted' | 'Running')[];
  /** The wanted spec cannot begin. */
  readonly isStalled?: true;
  /** Shows what it changed. */
  readonly command?: CopyCommand;
}

export interface BackupLine {
  /** Name of the JtelBackup. */
  readonly name: string;
  readonly backupID?: string;
  readonly verdict: Verdict;
  readonly phase: string;
  readonly time: string;
  readonly completionTime?: string;
  readonly version?: string;
  readonly trigger: string;
  readonly store?: string;
  readonly totalBytes?: number;
  readonly uploadedBytes?: number;
  readonly progress?: string;
  /** `Passed by Restore` */
  readonly verification?: string;
  readonly immutableUntilTime?: string;
  /** Absent until it is stored. */
  readonly signature?: BackupSignature;
  readonly message?: string;
  /** Restores it; absent if it cannot be restored. */
  readonly command?: CopyCommand;
}

/** `Unknown`: this user may not see which keys the store trusts, or the store is gone. */
export interface BackupSignature {
  readonly is: 'Trusted' | 'Untrusted' | 'Revoked' | 'Unsigned' | 'Unknown';
  /** Absent if it is not signed. */
  readonly keyID?: string;
}

export interface RestoreLine {
  /** Name of the JtelRestore. */
  readonly name: string;
  readonly verdict: Verdict;
  readonly phase: string;
  /** `Test` changes nothing of the stack. */
  readonly mode: 'Execute' | 'Plan' | 'Test';
  readonly time: string;
  readonly completionTime?: string;
  readonly backupID?: string;
  readonly recoveryTimeSeconds?: number;
  readonly percent?: number;
  readonly message?: string;
}

export interface EventLine {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  readonly firstTime: string;
  readonly lastTime: string;
}

/** What the operator would do next. */
export interface Plan {
  /** `Act`: it would begin now. `Wait`: something is under way. `Blocked`: it cannot continue. */
  readonly kind: 'Act' | 'Wait' | 'Blocked' | 'Done';
  /** As `kubectl jtel plan` prints it. */
  readonly lines: readonly string[];
}
