/** What is strange about a host and stops nothing, told in the condition Preflight; pure. */
import { BlockList, isIP } from 'node:net';
import type { JtelStack } from '../../../crds/index.ts';
import { clonesOf } from '../../hosts/machine.ts';
import type { HostFacts } from '../../../host-driver/host.ts';

/** @returns one sentence for each, the same for the same host. */
export function hostRemarks(stack: JtelStack, facts: HostFacts): readonly string[] {
  return [...clones(stack, facts), ...shadowed(stack, facts), ...noise(facts), ...full(facts)];
}

function clones(stack: JtelStack, facts: HostFacts): readonly string[] {
  const others = clonesOf(stack, facts);
  if (others.length === 0) return [];
  return [
    `The machine has the machine-id of ${others.join(', ')} and another host key: they were made from one template, and are told apart by their keys. Give a ` +
      'machine an id of its own (rm /etc/machine-id; systemd-machine-id-setup; reboot) before a stack is put or moved there, not afterwards.',
  ];
}

function full({ fullPlaces = [] }: HostFacts): readonly string[] {
  if (fullPlaces.length === 0) return [];
  return [
    `The host has no space or no inodes left on ${fullPlaces.join(', ')}: what runs goes on, but a container that starts, or a change, may fail there. ` +
      'Free some (df -h; df -i).',
  ];
}

function noise({ loginNoise }: HostFacts): readonly string[] {
  if (loginNoise === undefined) return [];
  return [
    `The login shell of the SSH user prints ${JSON.stringify(loginNoise)} with every command; it is ignored.`,
  ];
}

/** Addresses that the host has to reach and that lie in a network of Docker's own: packets for them go into the bridge. */
function shadowed({ spec }: JtelStack, { bridges = [] }: HostFacts): readonly string[] {
  const { admin = [], web = [], sip = [] } = spec.network.allow ?? {};
  const { nameservers = [], hosts = [] } = spec.host.dns ?? {};
  const named: readonly (readonly [string, readonly string[]])[] = [
    ['spec.network.allow.admin', admin],
    ['spec.network.allow.web', web],
    ['spec.network.allow.sip', sip.map(({ cidr }) => cidr)],
    ['spec.host.dns.nameservers', nameservers],
    ['spec.host.dns.hosts', hosts.map(({ ip }) => ip)],
  ];
  return bridges.flatMap(({ name, subnet }) => {
    const inside = named.flatMap(([field, ranges]) =>
      ranges.filter((range) => contains(subnet, range)).map((range) => `${range} (${field})`),
    );
    if (inside.length === 0) return [];
    const isOurs = spec.host.bootstrap !== 'Preinstalled';
    const where = isOurs ? 'spec.host.docker' : 'bip and default-address-pools in its daemon.json';
    return [
      `Docker's network ${name} has ${subnet}, and ${inside.join(', ')} lies in it: the host does not reach that. ` +
        `Give Docker other addresses (${where}); a network that exists keeps its own until it is removed.`,
    ];
  });
}

/** Whether a range (or one address) lies wholly in a network. A wider one is not meant as a whole: no remark. */
function contains(network: string, range: string): boolean {
  const [outer, inner] = [parse(network), parse(range)];
  if (outer === undefined || inner?.family !== outer.family || inner.bits < outer.bits) return false;
  const list = new BlockList();
  list.addSubnet(outer.address, outer.bits, outer.family);
  return list.check(inner.address, inner.family);
}

interface Range {
  readonly address: string;
  readonly bits: number;
  readonly family: 'ipv4' | 'ipv6';
}

function parse(text: string): Range | undefined {
  const [address = '', prefix] = text.split('/');
  const version = isIP(address);
  if (version === 0) return undefined;
  const most = version === 4 ? 32 : 128;
  const bits = prefix === undefined ? most : Number(prefix);
  if (!Number.isInteger(bits) || bits < 0 || bits > most) return undefined;
  return { address, bits, family: version === 4 ? 'ipv4' : 'ipv6' };
}
