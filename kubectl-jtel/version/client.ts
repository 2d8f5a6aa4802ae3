/** The plug-in's own version, without a cluster. */
import { stackKind } from '../../crds/index.ts';
import manifest from '../../package.json' with { type: 'json' };
import { apiVersionOf } from '../../runtime/client/kinds.ts';
import type { Surroundings } from '../surroundings.ts';

export interface ClientFact {
  readonly version: string;
  readonly api: string;
  readonly node: string;
}

export const clientFact: ClientFact = {
  version: manifest.version,
  api: apiVersionOf(stackKind),
  node: process.versions.node,
};

export function printClient(surroundings: Surroundings): void {
  const { version, api, node } = clientFact;
  surroundings.print(`kubectl-jtel ${version} (API ${api}, Node ${node})`);
}
