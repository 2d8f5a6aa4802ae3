/** The operator's configuration, checked before anything else happens. */

import type { AddressRules } from '../base/address-rules.ts';
import type { EndpointRules } from '../blob-store/endpoint-rules.ts';
import type { LogLevel } from '../runtime/report/logger.ts';
import type { WebConfig } from './web/serve.ts';

export interface OperatorConfig {
  /** If absent: in-cluster credentials, else KUBECONFIG. */
  readonly kubeconfig?: string;
  readonly namespaces: readonly string[] | 'All';
  /** Where the Lease lives. */
  readonly leaseNamespace: string;
  readonly leaseName: string;
  /** Others take over if the holder has not renewed for this long. */
  readonly leaseDurationSeconds: number;
  /** Into how many parts the replicas share the stacks; 1: one replica works, the others wait. */
  readonly shards: number;
  /** Name of this process in the Lease and in events; unique. */
  readonly identity: string;
  /** `host[:port]/path@sha256:…`: the image that runs jobs on hosts. */
  readonly toolboxImage: ToolboxImage;
  /** What the CronJobs of backup schedules run. If absent, the operator asks for scheduled backups itself. */
  readonly schedulePods?: { readonly image: string; readonly serviceAccount: string };
  /** Time in which one try of a backup may write to its store. */
  readonly backupWindowSeconds: number;
  /** The most backups that run at the same time in one JtelBackupStore. */
  readonly backupsPerStore: number;
  /** The most that run at the same time. */
  readonly backupsAtOnce: number;
  readonly healthPort: number;
  /** If absent, the operator serves no page. */
  readonly web?: WebConfig;
  readonly resyncSeconds: number;
  /** Time that a stack must stay up after an update before the update counts as good. */
  readonly monitorSeconds: number;
  /** Number of stacks that are looked at at the same time. */
  readonly workers: number;
  readonly logLevel: LogLevel;
  readonly logFormat: 'json' | 'readable';
  /** File that audit lines are appended to; `-` is standard output. Without it there are none. */
  readonly auditLog?: string;
  /** What stores may be. */
  readonly endpoints: EndpointRules;
  /** What hosts may be. They may be machines of the cluster. */
  readonly hostAddresses: AddressRules;
  /** PEM of the vendor's ed25519 key. Without it, releases are not checked, which has to be asked for. */
  readonly releaseKey?: string;
}

export interface ToolboxImage {
  readonly repository: string;
  readonly digest: string;
  readonly tag: string;
}

/** The operator was called in a wrong way; the message names the option and what it accepts. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const imagePattern =
  /^([a-z0-9][a-z0-9.-]*(?::\d{1,5})?(?:\/[a-z0-9][a-z0-9._-]*)+)(?::([\w][\w.-]{0,127}))?@(sha256:[0-9a-f]{64})$/;

/** @throws {ConfigError} if the image is not pinned by digest. */
export function parseToolboxImage(text: string): ToolboxImage {
  const [, repository, tag, digest] = imagePattern.exec(text) ?? [];
  if (repository === undefined || digest === undefined) {
    throw new ConfigError(
      `toolbox image "${text}" must be pinned: registry/path[:tag]@sha256:<64 hex digits>`,
    );
  }
  return { repository, digest, tag: tag ?? 'toolbox' };
}
