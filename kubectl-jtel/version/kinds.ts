/** The kinds that operators have, and since which version. */
import {
  backupKind,
  channelKind,
  drillKind,
  restoreKind,
  stackKind,
  storeKind,
  type ResourceKind,
} from '../../crds/index.ts';

export interface KindSince {
  /** The name of its CRD. */
  readonly crd: string;
  /** Undefined: from the beginning. */
  readonly since?: string;
}

const nameOf = ({ plural, group }: Pick<ResourceKind<never>, 'plural' | 'group'>): string =>
  `${plural}.${group}`;

export const kinds: readonly KindSince[] = [
  ...[stackKind, backupKind, restoreKind, storeKind].map((kind) => ({ crd: nameOf(kind) })),
  ...[channelKind, drillKind].map((kind) => ({ crd: nameOf(kind), since: '0.2.0-0' })),
];
