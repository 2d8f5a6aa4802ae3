/** Which ports a stack needs on its host, and whether somebody else has them. Pure. */
import type { UsedPort } from '../../host-driver/console.ts';
import { parsePublishedPort } from '../../release/components.ts';
import type { Release } from '../../release/generated/release.ts';
import { selectComponents } from '../../release/select.ts';
import type { StackInput } from '../../release/stack-input.ts';
import { failed, ok, warning, type Judgement } from '../finding.ts';
import { listed } from './cluster.ts';

export interface NeededPorts {
  readonly protocol: 'tcp' | 'udp';
  readonly from: number;
  readonly to: number;
}

/**
 * Ports that components publish; with components in the host's network, also those that the release opens in
 * the firewall. @throws {RenderError} if the stack asks for what the release does not have
 */
export function neededPorts(release: Release, stack: StackInput): readonly NeededPorts[] {
  const selected = selectComponents(release, stack).map(({ component }) => component);
  const publishedBy = (components: typeof selected): readonly NeededPorts[] =>
    components.flatMap(({ publish = [] }) =>
      publish
        .map(parsePublishedPort)
        .map(({ protocol, hostPort }) => ({ protocol, from: hostPort, to: hostPort })),
    );
  const published = publishedBy(selected);
  if (!selected.some(({ hostNetwork }) => hostNetwork === true)) return published;
  const all = publishedBy(release.components);
  const others = release.ports
    .map(({ protocol, from, to }) => ({ protocol: protocol === 'udp' ? 'udp' : 'tcp', from, to }) as const)
    .filter(
      ({ protocol, from, to }) =>
        !all.some((one) => one.protocol === protocol && one.from >= from && one.to <= to),
    );
  return [...published, ...others];
}

export interface PortsInUse {
  readonly used: readonly UsedPort[];
  /** Of the stack. */
  readonly project: string;
  /** Containers of the stack run there, so sockets without an owner may be its own. */
  readonly runs: boolean;
}

export function judgePorts(needed: readonly NeededPorts[], { used, project, runs }: PortsInUse): Judgement {
  if (needed.length === 0) return ok('The stack needs no port of the host.');
  const names = listed(
    needed.map(({ protocol, from, to }) => `${from === to ? from : `${from}-${to}`}/${protocol}`),
  );
  const taken = used.filter(
    (one) =>
      one.project !== project &&
      !(runs && one.container === undefined) &&
      needed.some(
        ({ protocol, from, to }) => one.protocol === protocol && one.port >= from && one.port <= to,
      ),
  );
  if (taken.length === 0)
    return ok(
      runs
        ? `Nobody but the stack uses its ports (${names}).`
        : `The ports of the stack are free (${names}).`,
    );
  const seen = `In use on the host: ${listed(taken.map(described))}. The stack needs ${names}.`;
  // A range is for calls, each of which takes any free port of it; a program may hold one by chance.
  const isHard = taken.some((one) =>
    needed.some(({ protocol, from, to }) => from === to && one.protocol === protocol && one.port === from),
  );
  const [first] = taken;
  const flags = first?.protocol === 'udp' ? '-lnup' : '-lntp';
  return isHard
    ? failed(seen, `Stop who uses them (on the host: sudo ss ${flags}, docker ps), or use another host.`)
    : warning(
        seen,
        `See who uses them (on the host: sudo ss ${flags}): calls cannot use these ports meanwhile.`,
      );
}

function described({ protocol, port, container, project }: UsedPort): string {
  const by =
    container === undefined
      ? ''
      : ` (container ${container}${project === undefined ? '' : ` of ${project}`})`;
  return `${port}/${protocol}${by}`;
}
