/**
 * What the audit log says: requests, decisions, effects on hosts and writes to stores. Each line is one of
 * these types as JSON; docs/audit.md explains the fields.
 */
import type { StoreWrite } from '../../blob-store/audited-store.ts';
import type { JtelBackupStore } from '../../crds/index.ts';
import type { HostEffect } from '../../host-driver/audited-driver.ts';

/** Grows when a field changes its meaning or goes; new fields do not count. */
export const auditVersion = 1;

/** The object that a line is about. */
export interface Subject {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Counts the versions of its spec. */
  readonly generation: number;
}

/** Somebody asked for something. */
export interface RequestLine extends Subject {
  readonly type: 'Request';
  /**
   * Created, Changed: a spec that the operator had not seen. Deletion: its deletion began. Gone: it is no
   * longer there. Consent: an annotation that permits or asks for something changed.
   */
  readonly request: 'Created' | 'Changed' | 'Deletion' | 'Gone' | 'Consent';
  /** Commit of the spec, from the annotation `jtel.de/source-revision`. */
  readonly sourceRevision?: string;
  /** Programs that own fields of it, newest first, with when they last wrote. */
  readonly managers?: readonly { readonly name: string; readonly operation: string; readonly time: string }[];
  /** Labels and annotations by which Flux, Argo CD and Helm mark what they apply. */
  readonly source?: Readonly<Record<string, string>>;
  /** Annotations of jtel.de that permit or ask for something, with their values. */
  readonly consent?: Readonly<Record<string, string>>;
}

/** The operator decided something. */
export interface DecisionLine extends Subject {
  readonly type: 'Decision';
  /** Begin and End of an operation on a stack; Phase of a backup or restore. */
  readonly decision: 'Begin' | 'End' | 'Phase';
  /** Identifies the operation. */
  readonly operation?: string;
  /** Install, Update, Configure, Restore, Repair … */
  readonly operationType?: string;
  /** Release that runs, or the phase before. */
  readonly from?: string;
  /** Release that is wanted, or the phase now. */
  readonly to?: string;
  /** Number of the revision that runs. */
  readonly revision?: number;
  readonly epoch?: number;
}

/** The operator changed something on a host. */
export interface EffectLine extends Omit<HostEffect, 'fence'> {
  readonly type: 'Effect';
  /** The stack that the host is held for. */
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
  /** Under which the host was changed. */
  readonly epoch?: number;
}

/** The operator wrote to a store, or tried to destroy its own probe there. */
export interface WriteLine extends StoreWrite {
  readonly type: 'Write';
  /** The JtelBackupStore. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export type AuditLine = RequestLine | DecisionLine | EffectLine | WriteLine;

/** Takes a line; it neither throws nor waits. */
export type Audit = (line: AuditLine) => void;

export function effectLine({ fence, ...effect }: HostEffect): EffectLine {
  if (fence === undefined) return { type: 'Effect', ...effect };
  const { namespace, name, uid } = fence.owner;
  return { type: 'Effect', ...effect, namespace, name, uid, epoch: fence.epoch };
}

export function writeLine({ metadata }: JtelBackupStore, write: StoreWrite): WriteLine {
  const { namespace, name, uid } = metadata;
  return { type: 'Write', ...write, namespace, name, uid };
}
