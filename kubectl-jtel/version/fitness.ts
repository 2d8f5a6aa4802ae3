/** Whether plug-in, operator and CRDs fit together, and what to do when they do not (docs/versions.md). Pure. */
import { compare, major, minor, valid } from 'semver';
import type { CrdFact, OperatorFact, VersionFacts } from './facts.ts';
import { kinds } from './kinds.ts';
import type { LeaseFact } from '../operator-lease.ts';

export interface Finding {
  /** Something does not fit, or only cannot be seen. */
  readonly kind: 'Problem' | 'Unknown';
  readonly reason: FindingReason;
  readonly message: string;
  readonly todo: string;
}

export type FindingReason =
  | 'NotInstalled'
  | 'CRDsMissing'
  | 'CRDsMixed'
  | 'CRDsOlder'
  | 'CRDsNewer'
  | 'APINotServed'
  | 'OperatorMissing'
  | 'OperatorNotReady'
  | 'PluginOlder'
  | 'PluginNewer'
  | 'NotPermitted'
  | 'VersionUnknown';

const oldestVersion = '0.1.0';
const install = 'docs/install.md says how to install the operator';

export function findingsOf(facts: VersionFacts): readonly Finding[] {
  const { client, crds, served } = facts;
  if (served.length === 0) {
    const todo = `${install}; --context asks another cluster`;
    return [problem('NotInstalled', 'jtel’s kinds are not in this cluster', todo)];
  }
  return [
    ...apiFindings(client.api, served),
    ...(crds === undefined ? [hidden('CRDs', 'get customresourcedefinitions')] : crdFindings(crds)),
    ...operatorsFindings(facts),
  ];
}

function operatorsFindings(facts: VersionFacts): readonly Finding[] {
  const { operators, leases } = facts;
  const held = (leases ?? []).filter(({ isHeld }) => isHeld);
  const found = [
    ...(operators ?? []).flatMap((operator) => operatorFindings(operator, facts)),
    ...held.flatMap((lease) => holderFindings(lease, facts)),
  ];
  if (held.length > 0 || (operators ?? []).length > 0) return found;
  if (operators === undefined || leases === undefined)
    return [hidden('operator', 'list deployments.apps and leases.coordination.k8s.io in its namespace')];
  const lease = leases.map(({ seen }) => ` ${seen}`).join('') || ' Nobody holds its Lease either.';
  const message = `no Deployment of the operator was found (label app.kubernetes.io/part-of=jtel).${lease}`;
  return [problem('OperatorMissing', message, `${install}; -n names the namespace that it is in`)];
}

/** Of an operator that is known by its Lease only. */
function holderFindings({ version, holder, seen }: LeaseFact, facts: VersionFacts): readonly Finding[] {
  if (version !== undefined && valid(version) !== null)
    return [...againstPlugin(version, facts.client.version), ...againstCRDs(version, facts.crds ?? [])];
  const message = `${holder} does not say its version: ${seen}`;
  const todo = 'its metric jtel_operator_build_info says it; operators from 0.2.0 on write it into the Lease';
  return [{ kind: 'Unknown', reason: 'VersionUnknown', message, todo }];
}

function apiFindings(api: string, served: readonly string[]): readonly Finding[] {
  const version = api.split('/')[1] ?? api;
  if (served.includes(version)) return [];
  const message = `the cluster serves ${served.join(', ')}, and the plug-in speaks ${version}`;
  return [problem('APINotServed', message, 'get the plug-in of the operator’s version')];
}

function crdFindings(crds: readonly CrdFact[]): readonly Finding[] {
  const wanted = kindsOf(crds);
  const own = crds.filter(({ name }) => wanted.includes(name));
  if (own.length < wanted.length)
    return [
      problem(
        'CRDsMissing',
        `only ${own.length} of ${wanted.length} CRDs are there`,
        applyCRDs('the operator'),
      ),
    ];
  const versions = [...new Set(own.map(({ version }) => version ?? 'unknown'))];
  if (versions.length > 1) {
    const message = `the CRDs are of several versions: ${versions.join(', ')}`;
    return [problem('CRDsMixed', message, applyCRDs('the operator'))];
  }
  return [];
}

const first = new Set(kinds.filter(({ since }) => since === undefined).map(({ crd }) => crd));

/** Those that the version of the CRDs has. Later kinds stay behind when somebody goes back to an older version. */
function kindsOf(crds: readonly CrdFact[]): readonly string[] {
  const version = versionOf(crds) ?? oldestVersion;
  const isNone = crds.every(({ name }) => !first.has(name));
  return kinds.flatMap(({ crd, since = oldestVersion }) =>
    isNone || compare(version, since) >= 0 ? [crd] : [],
  );
}

/** Undefined: before 0.2.0, or whoever applied them has put labels of his own. */
function versionOf(crds: readonly CrdFact[]): string | undefined {
  return crds.find(({ name, version }) => first.has(name) && valid(version) !== null)?.version;
}

function operatorFindings(operator: OperatorFact, facts: VersionFacts): readonly Finding[] {
  const { version, readyReplicas, replicas } = operator;
  const where = `${operator.namespace}/${operator.name}`;
  const found: Finding[] = [];
  if (readyReplicas === 0 && replicas > 0)
    found.push(
      problem(
        'OperatorNotReady',
        `no replica of ${where} is ready`,
        `kubectl -n ${operator.namespace} describe deployment ${operator.name}`,
      ),
    );
  if (valid(version) === null || version === undefined) {
    const message = `${where} does not say its version: image ${operator.image}`;
    return [
      ...found,
      { kind: 'Unknown', reason: 'VersionUnknown', message, todo: 'give images a version as tag' },
    ];
  }
  return [
    ...found,
    ...againstPlugin(version, facts.client.version),
    ...againstCRDs(version, facts.crds ?? []),
  ];
}

/** They may be one minor version apart, as kubectl and a cluster. */
function againstPlugin(operator: string, plugin: string): readonly Finding[] {
  const apart = minor(plugin) - minor(operator);
  if (major(plugin) === major(operator) && Math.abs(apart) <= 1) return [];
  const isOlder = compare(plugin, operator) < 0;
  const message = `the plug-in (${plugin}) is more than one minor version ${isOlder ? 'older' : 'newer'} than the operator (${operator})`;
  const todo = `get the plug-in ${operator}: docs/packages.md`;
  return [problem(isOlder ? 'PluginOlder' : 'PluginNewer', message, todo)];
}

function againstCRDs(operator: string, crds: readonly CrdFact[]): readonly Finding[] {
  const version = versionOf(crds);
  // CRDs had no version before 0.2.0.
  if (version === undefined)
    return crds.length === 0 || compare(operator, '0.2.0-0') < 0
      ? []
      : [problem('CRDsOlder', `the CRDs are older than the operator (${operator})`, applyCRDs(operator))];
  const order = compare(version, operator);
  if (order === 0) return [];
  return order < 0
    ? [
        problem(
          'CRDsOlder',
          `the CRDs (${version}) are older than the operator (${operator}): what it writes into new fields is dropped`,
          applyCRDs(operator),
        ),
      ]
    : [
        problem(
          'CRDsNewer',
          `the CRDs (${version}) are newer than the operator (${operator}): it ignores new fields`,
          `finish the upgrade to ${version}, or apply the CRDs of ${operator}`,
        ),
      ];
}

function applyCRDs(version: string): string {
  return `apply the CRDs of ${version}: helm upgrade with crds.install, or kubectl apply --server-side -k deploy`;
}

function hidden(what: string, rights: string): Finding {
  return {
    kind: 'Unknown',
    reason: 'NotPermitted',
    message: `you may not see the version of the ${what}`,
    todo: `ask somebody who may ${rights}`,
  };
}

function problem(reason: FindingReason, message: string, todo: string): Finding {
  return { kind: 'Problem', reason, message, todo };
}
