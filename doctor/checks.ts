/**
 * The list of all checks. Commands, docs and JSON use these names; docs/doctor.md has the list as a table, made
 * by `make generate`.
 */

export type Group = 'Cluster' | 'Operator' | 'Manifest' | 'Release' | 'Backups' | 'Host' | 'Names';

interface Described {
  readonly name: string;
  readonly group: Group;
  /** What is well if the verdict is Ok. One sentence for docs. */
  readonly expects: string;
  /** How that is found out, without changing anything. One sentence for docs. */
  readonly asks: string;
}

/** In the order in which they are shown. */
export const checks = [
  {
    name: 'api-server',
    group: 'Cluster',
    expects: 'The API server answers, and its version is 1.34 or later.',
    asks: 'Reads /version.',
  },
  {
    name: 'crds',
    group: 'Cluster',
    expects: 'The cluster serves the six kinds in the version that this program speaks.',
    asks: 'Reads the list of kinds of jtel.de.',
  },
  {
    name: 'crd-fields',
    group: 'Cluster',
    expects: 'The kinds have every field that this program knows.',
    asks: 'Compares the schemas that the API server publishes with its own.',
  },
  {
    name: 'rights',
    group: 'Cluster',
    expects: 'You may do what it takes to apply a stack and to look after it.',
    asks: 'Asks the API server about each verb (SelfSubjectAccessReview).',
  },
  {
    name: 'operator-rights',
    group: 'Operator',
    expects: 'The operator may do everything that it needs in the namespace.',
    asks: 'Asks about each verb for its ServiceAccount (SubjectAccessReview); as the operator, about itself.',
  },
  {
    name: 'operator',
    group: 'Operator',
    expects:
      'An operator is there: one holds the Lease and renews it; of replicas that share the stacks, each Lease is held.',
    asks: 'Reads the Leases.',
  },
  {
    name: 'manifest',
    group: 'Manifest',
    expects: 'The API server accepts the JtelStack.',
    asks: 'Sends it as a dry run; without the right to do so, compares it with the schema.',
  },
  {
    name: 'secrets',
    group: 'Manifest',
    expects: 'Every Secret that the stack names is there, with the keys that it needs.',
    asks: 'Reads them.',
  },
  {
    name: 'release-store',
    group: 'Release',
    expects: 'The vendor’s store answers with these credentials.',
    asks: 'Lists it.',
  },
  {
    name: 'release',
    group: 'Release',
    expects: 'The release of spec.version is published, and whole.',
    asks: 'Reads its manifest and templates, and compares digests.',
  },
  {
    name: 'backup-store',
    group: 'Backups',
    expects: 'The store for backups answers, and jobs can use its credentials.',
    asks: 'Lists it. Writing is not tried.',
  },
  {
    name: 'immutability',
    group: 'Backups',
    expects: 'Nobody can change or delete what is in the store.',
    asks: 'Reads the container’s properties, its policy (spec.azure.management), and what the operator proved.',
  },
  {
    name: 'host-reachable',
    group: 'Host',
    expects: 'The host answers at spec.host.address and port.',
    asks: 'Opens an SSH connection, through the jump host if there is one.',
  },
  {
    name: 'host-key',
    group: 'Host',
    expects: 'The host shows a key that spec.host.hostKeyFingerprints pins.',
    asks: 'Compares the fingerprint, before anything is sent.',
  },
  {
    name: 'host-login',
    group: 'Host',
    expects: 'The host accepts user and SSH key, and its shell runs commands.',
    asks: 'Logs in and reads facts.',
  },
  {
    name: 'host-owner',
    group: 'Host',
    expects: 'The host belongs to no other stack or cluster.',
    asks: 'Reads the state that an operator left there.',
  },
  {
    name: 'operating-system',
    group: 'Host',
    expects: 'A Managed host runs Debian 12 or later.',
    asks: 'Reads /etc/os-release.',
  },
  {
    name: 'sudo',
    group: 'Host',
    expects: 'The SSH user may use sudo without a password.',
    asks: 'Runs `sudo -n true`.',
  },
  {
    name: 'docker',
    group: 'Host',
    expects: 'Docker 20.10 or later answers, or the operator will install it.',
    asks: 'Asks the Docker API for its version.',
  },
  {
    name: 'compose',
    group: 'Host',
    expects: 'docker compose 2.20 or later is there, or the operator will install it.',
    asks: 'Runs `docker compose version`.',
  },
  {
    name: 'clock',
    group: 'Host',
    expects: 'The host’s clock and the one here differ by 5 s at most.',
    asks: 'Compares them.',
  },
  {
    name: 'capacity',
    group: 'Host',
    expects: 'The host has the cores and the memory that the release asks for in spec.size.',
    asks: 'Reads /proc and the limits of the control group.',
  },
  {
    name: 'disk',
    group: 'Host',
    expects: 'The disk for Docker has the size that the release asks for, and a tenth of it is free.',
    asks: 'Runs stat(1) on the file system of Docker’s volumes.',
  },
  {
    name: 'ports',
    group: 'Host',
    expects: 'Nobody else uses the ports of the stack.',
    asks: 'Reads /proc/net and the ports of Docker’s containers.',
  },
  {
    name: 'host-network',
    group: 'Host',
    expects: 'Nothing else about the host is strange: clones, networks of Docker, talking shells.',
    asks: 'Looks at the facts, as the condition Preflight does.',
  },
  {
    name: 'dns',
    group: 'Names',
    expects: 'spec.network.fqdn and its aliases lead to the host.',
    asks: 'Resolves them here.',
  },
  {
    name: 'certificate',
    group: 'Names',
    expects: 'The certificate has all names, is valid for 21 days or more, and fits its key.',
    asks: 'Reads the Secret of spec.network.tlsSecretRef.',
  },
] as const satisfies readonly Described[];

export type CheckName = (typeof checks)[number]['name'];

export function groupOf(name: CheckName): Group {
  return checks.find((check) => check.name === name)?.group ?? 'Cluster';
}

/** The page with the table between its two marks. */
export function withCheckTable(page: string): string {
  const [begin, end] = ['<!-- checks -->', '<!-- /checks -->'];
  const [before = '', rest = ''] = page.split(begin);
  return `${before}${begin}\n\n${checkTable()}\n\n${end}${rest.split(end)[1] ?? ''}`;
}

function checkTable(): string {
  return [
    '| group | check | well means | how it is asked |',
    '|---|---|---|---|',
    ...checks.map(({ name, group, expects, asks }) => `| ${group} | \`${name}\` | ${expects} | ${asks} |`),
  ].join('\n');
}
