/**
 * The content of `state.json`, which is what a host remembers about its stack, and the changes that can be
 * made to it.
 */
import type { DataUpdater } from './rendered-release.ts';
import type { SwitchedVolumes } from './volumes.ts';

/** The stack, and its cluster, that a host belongs to. A second owner is refused (`HostOwned`). */
export interface StackOwner {
  /** uid of the kube-system namespace, the usual identity of a cluster. */
  readonly clusterID: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/**
 * A service as compose and Docker reported it right after the last successful apply. A difference to this is
 * drift.
 */
export interface AppliedService {
  readonly service: string;
  readonly configHash: string;
  readonly imageID: string;
}

/** `/opt/jtel/<project>/state.json`: what was done to this host, by whom. Written only under the host's lock. */
export interface HostState {
  /** 2 after volumes were switched. */
  readonly formatVersion: 1 | 2;
  readonly owner: StackOwner;
  readonly epoch: number;
  readonly machineID: string;
  /** Digest of the last completed set-up (packages, DNS, firewall, …). */
  readonly setupDigest?: string;
  readonly applied?: {
    /** {@link RenderedRelease.digest} of what runs. */
    readonly digest: string;
    readonly version: string;
    /**
     * MariaDB series of its database. Absent if its release did not say, and in records of older operators.
     */
    readonly series?: string;
    /** RFC 3339. */
    readonly time: string;
    readonly composeVersion: string;
    readonly services: readonly AppliedService[];
  };
  /**
   * An update to another version whose containers were started, or are about to be. It stays until the update
   * is proven good or rolled back.
   */
  readonly update?: UpdateMark & { readonly time: string };
  /** Where the data came from. Absent until they are loaded completely. */
  readonly data?: DataOrigin & { readonly time: string };
  /** Volumes of the release that a restore put in the place of the project's first ones. */
  readonly volumes?: SwitchedVolumes;
  /** The data before the last restore, while the restore can be undone. */
  readonly previous?: PreviousData;
  /** The last restore that was switched to, did not become healthy, and was switched away again. */
  readonly refused?: RefusedData & { readonly time: string };
  /**
   * Orders to overwrite data that were carried out, oldest first. An order counts once, even if its object is
   * made again.
   */
  readonly carriedOut?: readonly CarriedOutOrder[];
  /** The newest change of the configuration here, by the number that the stack's status had before. */
  readonly change?: { readonly number: number; readonly time: string };
  /** Where the stack is now. Until that is reverted, this host refuses to start its containers and jobs. */
  readonly moved?: { readonly address: string; readonly time: string };
}

/**
 * Written before the first container of another version starts. From then on, data may be of that version.
 */
export interface UpdateMark {
  readonly from: string;
  readonly to: string;
  /** The service whose start touches the data. Absent if any service may. */
  readonly updater?: DataUpdater;
  /** The service whose start converts the database's files to another series. Absent if the series stays. */
  readonly database?: DataUpdater;
}

/** The source of a stack's data. */
export interface DataOrigin {
  /** For people: `vanilla 3.43.2`, `backup 20260105t020000z-3f9a1c`. */
  readonly source: string;
  readonly backupID?: string;
  /** uid of the JtelRestore that ordered the load; for the first data, of the stack. */
  readonly requestUID?: string;
  /** Data sets that were loaded, so that a lost one is noticed. Absent in records of older operators. */
  readonly dataSets?: readonly string[];
  /**
   * Absent: the data are whole. `Incomplete`: they are being overwritten, so `applied` is no longer recorded.
   */
  readonly state?: 'Incomplete';
}

/** Whole data that a restore put aside, in their own volumes. */
interface PreviousData {
  /** Where they came from. Absent if the host's record of it was lost. */
  readonly data?: HostState['data'];
  /** Volume of the release → Docker volume, for all volumes that the switch replaced. */
  readonly volumes: SwitchedVolumes;
  /** The release whose containers used them last. */
  readonly version?: string;
  /** RFC 3339; after `untilTime` their volumes may be removed. */
  readonly switchTime: string;
  readonly untilTime: string;
  /** Their size on disk. Absent until they were measured, or if that took too long. */
  readonly bytes?: number;
  readonly measured?: true;
}

/** Says why the data of a restore were switched away again. */
interface RefusedData {
  readonly requestUID: string;
  readonly reason: string;
  readonly message: string;
}

/** Switches from the volumes in use to others, and to the data in them. */
interface VolumeSwitch {
  readonly data: DataOrigin;
  readonly volumes: SwitchedVolumes;
  /** RFC 3339. Until then the data in use now are kept, if they are whole. Absent: there are none. */
  readonly untilTime?: string;
}

/** An order that brought data here. The caller decides when two orders are the same. */
export interface CarriedOutOrder {
  readonly id: string;
  /** For people: name of the object that gave the order. */
  readonly name: string;
  readonly requestUID: string;
  readonly backupID?: string;
  /** When it was carried out. RFC 3339 in UTC. */
  readonly time: string;
}

export interface RecordedChange {
  /**
   * Switches volumes. `applied` is no longer recorded, because containers have to be made again on other
   * volumes. A second call changes nothing.
   */
  readonly switch?: VolumeSwitch;
  /**
   * Switches back to the previous data and gives up those in use. Only while the data in use are from that
   * request.
   */
  readonly refuse?: RefusedData;
  /** null: they are no longer kept. Otherwise their size, or that it is unknown. */
  readonly previous?: null | { readonly bytes?: number };
  readonly applied?: { readonly digest: string; readonly version: string; readonly series?: string };
  /**
   * null: they are lost, and somebody agreed to the loss. This includes the volumes that a restore made for
   * them.
   */
  readonly data?: DataOrigin | null;
  /** Adds to the orders that the host remembers. An order that it has stays as it is. */
  readonly carriedOut?: readonly CarriedOutOrder[];
  readonly update?: UpdateMark | null;
}
