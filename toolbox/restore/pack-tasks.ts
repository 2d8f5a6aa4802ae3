/**
 * What the threads that unpack are asked for. A pack lies in shared memory; its extents travel with the task.
 */

export interface PackWorkerSettings {
  /**
   * By index of the data set: the directory in which its files are staged under their numbers. Undefined:
   * they are not written.
   */
  readonly stagedIn: readonly (string | undefined)[];
  /** 32 bytes. */
  readonly key?: Uint8Array;
}

export interface PackTask {
  readonly memory: SharedArrayBuffer;
  readonly bytes: number;
  readonly sha256: string;
  /** As {@link ExtentSorter} gives them, with the index of the data set filled in. */
  readonly extents: Uint8Array;
  /** `Verify` unpacks and compares everything, and writes nothing. */
  readonly purpose: 'Write' | 'Verify';
}

export interface PackAnswer {
  /** Bytes of the files that were written or verified. */
  readonly bytes: number;
  readonly error?: {
    readonly kind: 'Invalid' | 'Key' | 'Disk' | 'Internal';
    readonly message: string;
    readonly code?: string;
  };
}

/** Where a file is gathered until it moves to its place. There is one directory per 1024 files. */
export function stagedFile(directory: string, file: number): string {
  return `${directory}/${file >>> 10}/${file}`;
}
