/** Versions in the cluster as people read them; the plug-in's own stands above. */
import { hanging } from '../../command-line/wrap.ts';
import type { ViewContext } from '../view/view.ts';
import type { OperatorFact, VersionFacts } from './facts.ts';
import type { Finding } from './fitness.ts';
import type { LeaseFact } from '../operator-lease.ts';

export function versionView(
  { operators, leases, crds, served }: VersionFacts,
  findings: readonly Finding[],
  { paint, width }: ViewContext,
): string[] {
  const versions = [...new Set(crds?.map(({ version }) => version ?? 'unknown'))];
  const ofCRDs =
    crds === undefined
      ? '?'
      : crds.length === 0
        ? 'none'
        : `${versions.join(', ')} (serve ${served.join(', ')})`;
  const known = [
    ...(operators ?? []).map(operatorText),
    ...(leases ?? []).filter(({ isHeld }) => isHeld).map(holderText),
  ];
  const ofOperators =
    known.length > 0 ? known : [operators === undefined || leases === undefined ? '?' : 'none'];
  return [
    ...ofOperators.flatMap((text) => labelled('operator', text, width)),
    ...labelled('CRDs', ofCRDs, width),
    '',
    ...(findings.length === 0 ? [paint('green', 'They fit together.')] : []),
    ...findings.flatMap(({ kind, message, todo }) => {
      const sign = kind === 'Problem' ? paint('red', '✗') : paint('yellow', '?');
      return [...hanging(`${sign} `, 2, message, width), ...hanging('  ', 2, todo, width)];
    }),
  ];
}

const labelWidth = 13;

function labelled(label: string, text: string, width: number | undefined): string[] {
  return hanging(label.padEnd(labelWidth), labelWidth, text, width);
}

function operatorText({
  namespace,
  name,
  version = 'unknown',
  image,
  readyReplicas,
  replicas,
}: OperatorFact): string {
  return `${version} (${namespace}/${name}, ${image}, ${readyReplicas} of ${replicas} ready)`;
}

/** Known by its Lease only, because it runs outside the cluster or its Deployment may not be seen. */
function holderText({ version = 'unknown', namespace, name, holder }: LeaseFact): string {
  return `${version} (${holder}, which holds the Lease ${namespace}/${name})`;
}
