/** Whether a release can start with the data that a stack has. */
import { compare } from 'semver';
import type { JtelStack } from '../crds/index.ts';

/** An older release cannot use the data of a newer one: it needs a backup of its own. */
export function needsOlderData({ status }: JtelStack, version: string | undefined): boolean {
  return version !== undefined && status?.version !== undefined && compare(version, status.version) < 0;
}
