/**
 * Which addresses the operator connects to because somebody's resource names them. It stands in a network with
 * services that trust their neighbours: the machine's own, the cloud's metadata, the cluster's. So a name that
 * a tenant wrote must not lead there, whatever DNS says, and at the moment of the connection: what was
 * resolved before may be something else by then.
 */
import { lookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import { BlockList, isIP, isIPv6, type LookupFunction } from 'node:net';
import { AddressRefused } from './address-refused.ts';

interface Range {
  readonly what: string;
  readonly cidrs: readonly string[];
}

const always: readonly Range[] = [
  { what: 'an address of the machine itself', cidrs: ['127.0.0.0/8', '::1/128', '0.0.0.0/8', '::/128'] },
  { what: 'a link-local address', cidrs: ['169.254.0.0/16', 'fe80::/10'] },
  {
    // Azure's, Alibaba's, Oracle's and (by IPv6) Amazon's and Google's; the others are link-local.
    what: 'a service of the cloud for its own machines',
    cidrs: [
      '168.63.129.16/32',
      '100.100.100.200/32',
      '192.0.0.192/32',
      'fd00:ec2::254/128',
      'fd20:ce::254/128',
    ],
  },
  { what: 'no address of one machine', cidrs: ['224.0.0.0/4', '240.0.0.0/4', 'ff00::/8'] },
];
/** DNS of a cluster answers these with addresses of its services. */
const clusterName = /(^|\.)(svc|cluster\.local)$/i;

export interface AddressRuleOptions {
  /** CIDRs. They count before all that is refused. */
  readonly allowed?: readonly string[];
  /** CIDRs of this cluster's pods and services. If given, its names are refused, too. */
  readonly cluster?: readonly string[];
  /** See {@link clusterSearchDomains}. They count with `cluster` only. */
  readonly searchDomains?: readonly string[];
  /** Default: that of the machine. */
  readonly resolve?: Resolve;
}

type Resolve = (
  name: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => void,
) => void;

/**
 * The cluster's domains among those that are tried behind a name.
 * @param resolvConf the file `/etc/resolv.conf` of a pod. That of another machine has none of them.
 */
export function clusterSearchDomains(resolvConf: string): readonly string[] {
  const line = resolvConf.split('\n').findLast((one) => /^search\s/.test(one)) ?? '';
  const domains = line
    .trim()
    .split(/\s+/)
    .slice(1)
    .map((domain) => domain.toLowerCase().replace(/\.$/, ''));
  const own = domains.find((domain) => domain.startsWith('svc.'))?.slice('svc.'.length);
  return own === undefined ? [] : domains.filter((domain) => `.${domain}`.endsWith(`.${own}`));
}

export class AddressRules {
  readonly #allowed: BlockList;
  readonly #refusesNames: boolean;
  readonly #searchDomains: readonly string[];
  readonly #resolve: Resolve;
  readonly #refused: readonly { readonly what: string; readonly list: BlockList }[];
  /** For `net.connect` and agents, which do not call it for what is an address already: see {@link check}. */
  readonly lookup: LookupFunction = (name, options, callback) => {
    const all = { ...options, all: true } as const;
    this.#resolve(name, all, (error, found) => {
      const answer = (refusal: Error | undefined): void => {
        const [first] = found ?? [];
        if (refusal !== undefined || first === undefined)
          callback(refusal ?? new Error(`no address of ${name}`), '');
        else if (options.all === true) callback(null, found);
        else callback(null, first.address, first.family);
      };
      const refusal = error ?? this.#firstRefusal(name, found);
      if (refusal !== undefined || !this.#refusesName(found)) answer(refusal);
      else this.#refuseShortName(name, all, answer);
    });
  };

  /** @throws {RangeError} for what is no CIDR. */
  constructor({ allowed = [], cluster, searchDomains = [], resolve = lookup }: AddressRuleOptions = {}) {
    this.#allowed = listOf(allowed);
    this.#refusesNames = cluster !== undefined;
    this.#searchDomains = searchDomains;
    this.#resolve = resolve;
    const own = { what: 'an address of the cluster', cidrs: cluster ?? [] };
    this.#refused = [...always, own].map(({ what, cidrs }) => ({ what, list: listOf(cidrs) }));
  }

  /** Names are not resolved. @throws {AddressRefused} */
  check(host: string): void {
    const refusal = this.#refusal(host, host);
    if (refusal !== undefined) throw refusal;
  }

  #firstRefusal(name: string, found: readonly LookupAddress[]): AddressRefused | undefined {
    // One bad address among good ones is enough: nobody knows which one would be taken.
    for (const { address } of found) {
      const refusal = this.#refusal(name, address);
      if (refusal !== undefined) return refusal;
    }
    if (!this.#refusesName(found)) return undefined;
    const isOwn =
      clusterName.test(name) ||
      this.#searchDomains.some((domain) => name.toLowerCase().endsWith(`.${domain}`));
    return isOwn ? refused(name, 'a name of the cluster') : undefined;
  }

  #refusesName(found: readonly LookupAddress[]): boolean {
    return this.#refusesNames && found.some(({ address }) => !includes(this.#allowed, address));
  }

  /**
   * `store.tenant` is a service, too: the cluster's domains are tried behind each name. Its address does not show
   * it. The name is not made absolute instead, because then the pod's own /etc/hosts would not count.
   */
  #refuseShortName(
    name: string,
    options: LookupAllOptions,
    answer: (refusal: Error | undefined) => void,
  ): void {
    const isThere = (full: string): Promise<boolean> =>
      new Promise((resolve, reject) => {
        this.#resolve(full, options, (error) => {
          if (error === null || error.code === 'ENOTFOUND') resolve(error === null);
          else reject(error);
        });
      });
    Promise.all(this.#searchDomains.map((domain) => isThere(`${name}.${domain}.`))).then(
      (found) => answer(found.includes(true) ? refused(name, 'a name of the cluster') : undefined),
      answer,
    );
  }

  #refusal(name: string, address: string): AddressRefused | undefined {
    if (isIP(address) === 0 || includes(this.#allowed, address)) return undefined;
    const found = this.#refused.find(({ list }) => includes(list, address));
    return found && refused(name === address ? name : `${name} (${address})`, found.what);
  }
}

function refused(host: string, what: string): AddressRefused {
  return new AddressRefused(
    `the operator does not connect to ${host}: that is ${what}, and its configuration does not allow it (--allow-endpoint-range)`,
  );
}

/** A zone (`fe80::1%eth0`) does not change what kind of address it is. */
function includes(list: BlockList, address: string): boolean {
  const plain = address.split('%')[0] ?? '';
  return list.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
}

/** IPv6 can write an IPv4 address in several ways. The list itself knows `::ffff:1.2.3.4`. */
const wrappings = ['::', '::ffff:0:', '64:ff9b::', '64:ff9b:1::'] as const;

function listOf(cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [, address = '', text = ''] = /^([0-9A-Fa-f.:]+)\/(\d{1,3})$/.exec(cidr) ?? [];
    const [family, bits] = [isIP(address), Number(text)];
    if (family === 0 || bits > (family === 4 ? 32 : 128))
      throw new RangeError(`${JSON.stringify(cidr)} is no range of addresses such as 10.0.0.0/8 or fd00::/8`);
    list.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6');
    if (family === 4) {
      for (const prefix of wrappings) list.addSubnet(`${prefix}${address}`, 96 + bits, 'ipv6');
      // 6to4: the address follows 2002.
      const groups = Buffer.from(address.split('.').map(Number)).toString('hex').match(/.{4}/g) ?? [];
      list.addSubnet(`2002:${groups.join(':')}::`, 16 + bits, 'ipv6');
    }
  }
  return list;
}
