/**
 * Examines the host of a stack: one login, then everything side by side. After a refused login nothing else is
 * tried, because sshd bans addresses for that.
 */
import { hostRemarks } from '../controllers/stack/index.ts';
import { readHostTarget } from '../controllers/hosts/host-target.ts';
import { projectName } from '../controllers/hosts/project.ts';
import { stackInput } from '../controllers/inputs/render-inputs.ts';
import { openConsole } from '../host-driver/console/open.ts';
import type { HostConsole } from '../host-driver/console.ts';
import { HostError, type HostTarget } from '../host-driver/host.ts';
import type { Release } from '../release/generated/release.ts';
import { isForbidden } from '../runtime/client/api-error.ts';
import { checks, type CheckName } from './checks.ts';
import type { Examination } from './examine.ts';
import { each, finding, ok, skipped, type Finding, type Judgement } from './finding.ts';
import { judgeTrouble } from './input-trouble.ts';
import { judgeConnection, judgeObserving } from './judge/host-trouble.ts';
import {
  judgeCapacity,
  judgeClock,
  judgeCompose,
  judgeDisk,
  judgeDocker,
  judgeOS,
  judgeOwner,
  judgeRemarks,
  judgeSudo,
} from './judge/host.ts';
import { judgePorts, neededPorts } from './judge/ports.ts';
import { tryConnection } from './read/connect.ts';
import type { StackSubject } from './subject.ts';

const hostChecks: readonly CheckName[] = checks
  .filter(({ group }) => group === 'Host')
  .map(({ name }) => name);

/** @param release undefined if it cannot be read */
export function hostExamination(subject: StackSubject, release: Promise<Release | undefined>): Examination {
  return {
    checks: hostChecks,
    run: async (signal) => {
      const found = await examineHost(subject, release, signal);
      const rest = hostChecks.filter((name) => !found.some(({ check }) => check === name));
      const because = found.find(({ verdict }) => verdict !== 'Ok');
      return [
        ...found,
        ...each(
          rest,
          skipped(
            'The host could not be looked at.',
            `Correct what ${because?.check ?? 'host-login'} says first.`,
          ),
        ),
      ];
    },
  };
}

/** @returns findings as far as it came. */
async function examineHost(
  subject: StackSubject,
  release: Promise<Release | undefined>,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { stack, cluster, addresses, asker } = subject;
  let target: HostTarget;
  try {
    target = await readHostTarget(cluster, stack, { signal });
  } catch (error) {
    const next = 'Put the private key into the Secret of spec.host.sshSecretRef, under ssh-privatekey.';
    const judgement = judgeTrouble(error, next);
    return [
      finding(
        'host-login',
        judgement.verdict === 'Skipped' && asker === 'Person'
          ? skipped(judgement.seen, 'Give the key itself with --ssh-key FILE, or ask for get on secrets.')
          : judgement,
      ),
    ];
  }
  let console: HostConsole;
  try {
    console = await openConsole(target, signal, addresses);
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    const { address, port } = target.jumpHost ?? target;
    const connected =
      error.reason === 'HostUnreachable' ? await tryConnection(address, port, signal, addresses) : undefined;
    return judgeConnection(stack, error, { connected, asker });
  }
  try {
    const found = await lookAround(subject, target, console, release, signal);
    // A shell that runs nothing is found out only now.
    const before = reached(stack.spec.host).filter(({ check }) => !found.some((one) => one.check === check));
    return [...before, ...found];
  } finally {
    await console.close();
  }
}

function reached({
  address,
  port,
  user,
  jumpHost,
}: StackSubject['stack']['spec']['host']): readonly Finding[] {
  const through = jumpHost === undefined ? '' : `, through ${jumpHost.address}`;
  return [
    finding('host-reachable', ok(`${address}:${port} answers${through}.`)),
    finding('host-key', ok('The host shows a key that is pinned.')),
    finding('host-login', ok(`${user} is let in with the key.`)),
  ];
}

async function lookAround(
  { stack, cluster, driver }: StackSubject,
  target: HostTarget,
  console: HostConsole,
  release: Promise<Release | undefined>,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { metadata, spec } = stack;
  const project = projectName(metadata.namespace, metadata.name);
  const looks = [
    driver.host(target).observe(project, 'full', signal),
    console.usedPorts(signal),
    clusterID(cluster, signal),
    release,
  ] as const;
  try {
    const [{ facts, state, containers }, used, ownCluster, known] = await Promise.all(looks);
    const { bootstrap, user } = spec.host;
    const found: readonly (readonly [CheckName, Judgement])[] = [
      ['host-owner', judgeOwner(stack, state, ownCluster)],
      ['operating-system', judgeOS(bootstrap, facts)],
      ['sudo', judgeSudo(bootstrap, user, facts)],
      ['docker', judgeDocker(bootstrap, user, facts)],
      ['compose', judgeCompose(bootstrap, facts)],
      ['clock', judgeClock(facts)],
      ['capacity', judgeCapacity(stack, facts, known)],
      ['disk', judgeDisk(stack, facts, known)],
      ['host-network', judgeRemarks(hostRemarks(stack, facts))],
      [
        'ports',
        known === undefined
          ? skipped(
              'Which ports the stack needs is in the release, which could not be read.',
              'Correct what the checks of the release say; then ask again.',
            )
          : judgePorts(neededPorts(known, stackInput(stack)), {
              used,
              project,
              runs: containers.some((one) => one.state === 'running'),
            }),
      ],
    ];
    return found.map(([check, judgement]) => finding(check, judgement));
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    return judgeObserving(error);
  }
}

/** Undefined if one may not ask. */
async function clusterID(cluster: StackSubject['cluster'], signal: AbortSignal): Promise<string | undefined> {
  try {
    return await cluster.clusterID({ signal });
  } catch (error) {
    if (isForbidden(error)) return undefined;
    throw error;
  }
}
