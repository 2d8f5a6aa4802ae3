/** What lies on a host about a stack: the content of `state.json`, and how it may be changed. */
import type { DataUpdater } from './rendered-release.ts';
import type { SwitchedVolumes } from './volumes.ts';

/** Which stack of which cluster a host belongs to; a second owner is refused (`HostOwned`). */
export interface StackOwner {
  /** uid of the kube-system namespace: the customary identity of a cluster. */
  readonly clusterID: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** One service as compose and Docker reported it right after the last successful apply; drift is a difference to this. */
export interface AppliedService {
  readonly service: string;
  readonly configHash: string;
  readonly imageID: string;
}

/** `/opt/jtel/<project>/state.json`: what was done to this host, by whom. Written only under the host's lock. */
export interface HostState {
  /** 2 once volumes were switched. */
  readonly formatVersion: 1 | 2;
  readonly owner: StackOwner;
  readonly epoch: number;
  readonly machineID: string;
  /** Digest of the set-up (packages, DNS, firewall, …) that was last completed. */
  readonly setupDigest?: string;
  readonly applied?: {
    /** {@link RenderedRelease.digest} of what runs. */
    readonly digest: string;
    readonly version: string;
    /** Of MariaDB, that its database has; absent when its release did not say, and in records of older operators. */
    readonly series?: string;
    /** RFC 3339. */
    readonly time: string;
    readonly composeVersion: string;
    readonly services: readonly AppliedService[];
  };
  /** An update to another version whose containers were (or are about to be) started, until it is proven good or taken back. */
  readonly update?: UpdateMark & { readonly time: string };
  /** Where the data came from; absent until it was loaded completely. */
  readonly data?: DataOrigin & { readonly time: string };
  /** Volumes of the release that a restore put in the place of the project's first ones. */
  readonly volumes?: SwitchedVolumes;
  /** The data before the last restore, as long as it can be undone. */
  readonly previous?: PreviousData;
  /** The last restore whose data were loaded and switched to, did not become healthy, and were switched away again. */
  readonly refused?: RefusedData & { readonly time: string };
  /** Orders to overwrite data that were carried out, oldest first: an order counts once, also when its object is made anew. */
  readonly carriedOut?: readonly CarriedOutOrder[];
  /** Where the stack lives now: this host refuses to start its containers and jobs until that is taken back. */
  readonly moved?: { readonly address: string; readonly time: string };
}

/** Written before the first container of another version is started: from then on data may be of that version. */
export interface UpdateMark {
  readonly from: string;
  readonly to: string;
  /** Whose start touches the data; absent when any may. */
  readonly updater?: DataUpdater;
  /** Whose start changes the files of the database to those of another series; absent when it has the same as before. */
  readonly database?: DataUpdater;
}

/** What the data of a stack was loaded from. */
export interface DataOrigin {
  /** For people: `vanilla 3.43.2`, `backup 20260105t020000z-3f9a1c`. */
  readonly source: string;
  readonly backupID?: string;
  /** uid of the JtelRestore (or of the stack, for the first data) that ordered the load. */
  readonly requestUID?: string;
  /** Data sets that were loaded, so that each is missed when it is gone. Absent in records of older operators. */
  readonly dataSets?: readonly string[];
  /** Absent: the data are whole. `Incomplete`: they are being overwritten, so what was applied before is no longer recorded. */
  readonly state?: 'Incomplete';
}

/** Data that a restore put aside, whole, in volumes of their own. */
interface PreviousData {
  /** Where they came from; absent when the host's record of it was lost. */
  readonly data?: HostState['data'];
  /** Volume of the release → Docker volume, of all that the switch replaced. */
  readonly volumes: SwitchedVolumes;
  /** Release whose containers used them last. */
  readonly version?: string;
  /** RFC 3339; after `untilTime` their volumes may be removed. */
  readonly switchTime: string;
  readonly untilTime: string;
  /** What they take on disk; absent until they were measured, or when that took too long. */
  readonly bytes?: number;
  readonly measured?: true;
}

/** Why the data of a restore were switched away again. */
interface RefusedData {
  readonly requestUID: string;
  readonly reason: string;
  readonly message: string;
}

/** From the volumes in use to others, with the data in them. */
interface VolumeSwitch {
  readonly data: DataOrigin;
  readonly volumes: SwitchedVolumes;
  /** RFC 3339: until then the data in use now are kept, if they are whole. Absent: there are none. */
  readonly untilTime?: string;
}

/** An order that brought data here. What makes it the same order is the caller's to say. */
export interface CarriedOutOrder {
  readonly id: string;
  /** For people: name of the object that gave it. */
  readonly name: string;
  readonly requestUID: string;
  readonly backupID?: string;
  /** RFC 3339 in UTC; when it was carried out. */
  readonly time: string;
}

export interface RecordedChange {
  /** What was applied is no longer recorded: containers are to be made anew, on other volumes. Said again, it changes nothing. */
  readonly switch?: VolumeSwitch;
  /** Back to the previous data; those in use are given up. Only while the data in use are of that request. */
  readonly refuse?: RefusedData;
  /** null: they are not kept any longer. Otherwise what they take, or that it cannot be told. */
  readonly previous?: null | { readonly bytes?: number };
  readonly applied?: { readonly digest: string; readonly version: string; readonly series?: string };
  /** null: they are lost, and the loss was agreed to; so are the volumes that a restore made for them. */
  readonly data?: DataOrigin | null;
  /** Added to those that the host remembers; one that it has stays as it is. */
  readonly carriedOut?: readonly CarriedOutOrder[];
  readonly update?: UpdateMark | null;
}
