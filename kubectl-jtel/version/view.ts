/** Versions in the cluster as people read them; the plug-in's own stands above. */
import { printable } from '../view/paint.ts';
import type { ViewContext } from '../view/view.ts';
import type { OperatorFact, VersionFacts } from './facts.ts';
import type { Finding } from './fitness.ts';

export function versionView(
  { operators, crds, served }: VersionFacts,
  findings: readonly Finding[],
  { paint }: ViewContext,
): string[] {
  const versions = [...new Set(crds?.map(({ version }) => version ?? 'unknown'))];
  const ofCRDs =
    crds === undefined
      ? '?'
      : crds.length === 0
        ? 'none'
        : `${versions.join(', ')} (serve ${served.join(', ')})`;
  const ofOperators =
    operators === undefined ? ['?'] : operators.length === 0 ? ['none'] : operators.map(operatorText);
  return [
    ...ofOperators.map((text) => printable(`operator     ${text}`)),
    printable(`CRDs         ${ofCRDs}`),
    '',
    ...(findings.length === 0 ? [paint('green', 'They fit together.')] : []),
    ...findings.flatMap(({ kind, message, todo }) => [
      `${kind === 'Problem' ? paint('red', '✗') : paint('yellow', '?')} ${printable(message)}`,
      `  ${printable(todo)}`,
    ]),
  ];
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
