/** What people and the operator may do, and what it takes. Pure; the lists of the operator are those of the chart (a test compares them). */
import { failed, ok, warning, type Judgement } from '../finding.ts';
import { listed } from './cluster.ts';

/** A verb on a resource, as RBAC has it. */
export interface Right {
  readonly verb: string;
  readonly group: string;
  /** With its subresource, if any: `jtelstacks/status`. */
  readonly resource: string;
  /** Of one object only. */
  readonly name?: string;
}

type Rule = readonly [group: string, resources: readonly string[], verbs: readonly string[], name?: string];

const kinds = ['jtelstacks', 'jtelbackups', 'jtelrestores', 'jtelbackupstores'];

/** What the operator needs in each namespace with stacks. */
export const operatorRights: readonly Right[] = rightsOf([
  ['jtel.de', kinds, ['get', 'list', 'watch']],
  ['jtel.de', ['jtelstacks', 'jtelbackups', 'jtelrestores'], ['patch']],
  ['jtel.de', kinds.map((kind) => `${kind}/status`), ['patch']],
  ['jtel.de', ['jtelbackups'], ['create', 'delete']],
  ['jtel.de', ['jtelrestores'], ['create']],
  ['', ['secrets'], ['get', 'watch', 'create', 'patch', 'delete']],
  ['apps', ['controllerrevisions'], ['get', 'list', 'create', 'patch', 'delete']],
  ['batch', ['cronjobs'], ['list', 'delete']],
  ['events.k8s.io', ['events'], ['get', 'create', 'update']],
]);

/** In the namespace of its Leases. @param names that of each part, if replicas share the stacks */
export function leaseRights(...names: readonly string[]): readonly Right[] {
  return rightsOf([
    ['coordination.k8s.io', ['leases'], ['create']],
    ...names.map((name): Rule => ['coordination.k8s.io', ['leases'], ['get', 'update'], name]),
  ]);
}

/** Beside the Lease: the key that signs backups. */
export const signingRights: readonly Right[] = rightsOf([
  ['', ['secrets'], ['create']],
  ['', ['secrets'], ['get'], 'jtel-operator-backup-signing'],
]);

/** In no namespace, for an operator that looks after all of them. */
export const channelRights: readonly Right[] = rightsOf([
  ['jtel.de', ['jtelchannels'], ['get', 'list', 'watch']],
  ['jtel.de', ['jtelchannels/status'], ['patch']],
  ['jtel.de', ['jteldrills'], ['get', 'list', 'watch']],
  ['jtel.de', ['jteldrills', 'jteldrills/status'], ['patch']],
]);

/** In no namespace. */
export const identityRights: readonly Right[] = rightsOf([['', ['namespaces'], ['get'], 'kube-system']]);

/** Without them a person can apply no stack. */
const neededByPeople = rightsOf([['jtel.de', ['jtelstacks'], ['get', 'create', 'patch']]]);
/** Without them some commands do not work. */
const usefulForPeople = rightsOf([
  ['jtel.de', ['jtelstacks', 'jtelbackups', 'jtelrestores'], ['list', 'watch']],
  ['jtel.de', ['jtelbackups', 'jtelrestores'], ['create']],
  ['jtel.de', ['jtelbackupstores'], ['get', 'list']],
  ['apps', ['controllerrevisions'], ['list']],
  ['', ['secrets'], ['get']],
]);
export const peoplesRights: readonly Right[] = [...neededByPeople, ...usefulForPeople];

function rightsOf(rules: readonly Rule[]): readonly Right[] {
  return rules.flatMap(([group, resources, verbs, name]) =>
    resources.flatMap((resource) =>
      verbs.map((verb) => ({ verb, group, resource, ...(name === undefined ? {} : { name }) })),
    ),
  );
}

/** `patch jtelstacks/status.jtel.de`, `get secrets`, `get namespaces kube-system`. */
export function rightName({ verb, group, resource, name }: Right): string {
  return [verb, group === '' ? resource : `${resource}.${group}`, name].filter(Boolean).join(' ');
}

/** @param missing those that the API server denies */
export function judgePeoplesRights(missing: readonly Right[], namespace: string): Judgement {
  const where = `in namespace ${namespace}`;
  if (missing.length === 0) return ok(`You may apply stacks ${where} and use every command there.`);
  const seen = `You may not ${listed(missing.map(rightName))} ${where}.`;
  return missing.some((right) => neededByPeople.some((needed) => rightName(needed) === rightName(right)))
    ? failed(seen, `Have somebody bind you the role edit ${where}; the chart adds the kinds of jtel to it.`)
    : warning(
        seen,
        `Without that some commands do not work (docs/kubectl-jtel.md). Ask for the role edit ${where}.`,
      );
}

/** @param namespace undefined: in all of them */
export function scopeName(namespace: string | undefined): string {
  return namespace === undefined ? 'all namespaces' : `namespace ${namespace}`;
}

/** @param scope of {@link scopeName}, or another place */
export function judgeOperatorsRights(missing: readonly Right[], scope: string, asked: number): Judgement {
  const [first] = missing;
  if (first === undefined) return ok(`The operator has every right that it needs in ${scope} (${asked}).`);
  const bind =
    'ind its role there: name the namespace in the chart’s value namespaces (docs/install.md), or apply deploy/access.';
  const seen = `The operator may not ${listed(missing.map(rightName))} in ${scope}.`;
  if (missing.length < asked || asked === 1) return failed(seen, `B${bind}`);
  return failed(
    `The operator has none of the ${asked} rights that it needs in ${scope}, the first of them ${rightName(first)}.`,
    scope === scopeName(undefined)
      ? `Name the namespaces that it was given, with --namespace; else b${bind}`
      : `Install it, or say where it is (its namespace, its name); else b${bind}`,
  );
}
