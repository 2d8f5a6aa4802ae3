/** Docker's settings on a host: members of its daemon.json, and the proxy variables. Pure. */
import { isIPv4 } from 'node:net';
import type { DockerSettings, HostProxy } from '../host.ts';
import { InvalidValue, validInteger } from '../values.ts';

const proxyAddress = /^(https?):\/\/((?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?)\/?$/;

/** The host itself; these never go through a proxy. */
const alwaysDirect = ['localhost', '127.0.0.1', '::1'];

/**
 * Members of daemon.json as JSON on one line, without the braces; empty if there is nothing to set.
 * @throws InvalidValue.
 */
export function daemonMembers({ bridgeAddress, addressPools = [] }: DockerSettings): string {
  const pools = addressPools.map(({ base, size }) => ({
    base: network(base),
    size: validInteger('size of networks', size, 8, 30),
  }));
  const members = {
    ...(bridgeAddress === undefined ? {} : { bip: network(bridgeAddress) }),
    ...(pools.length === 0 ? {} : { 'default-address-pools': pools }),
  };
  return JSON.stringify(members).slice(1, -1);
}

/** Lines `NAME='value'`, which a POSIX shell and systemd read in the same way. @throws InvalidValue. */
export function proxyVariables({ http, https, noProxy, credentials }: HostProxy): string {
  const user =
    credentials === undefined ? '' : `${encoded(credentials.username)}:${encoded(credentials.password)}@`;
  const through = (address: string) => {
    const [, scheme, host] = proxyAddress.exec(address) ?? [];
    if (scheme === undefined || host === undefined) throw refused(address, 'it is not http://HOST:PORT');
    return `${scheme}://${user}${host}`;
  };
  const direct = [...alwaysDirect, ...noProxy];
  const odd = direct.find((one) => !/^[A-Za-z0-9.*:/_-]{1,253}$/.test(one));
  if (odd !== undefined) throw refused(odd, 'it is no name, address or network');
  const variables = {
    ...(http === undefined ? {} : { HTTP_PROXY: through(http) }),
    ...(https === undefined ? {} : { HTTPS_PROXY: through(https) }),
    NO_PROXY: direct.join(','),
  };
  return Object.entries(variables)
    .map(([name, value]) => `${name}='${value}'`)
    .join('\n');
}

/** encodeURIComponent keeps the apostrophe, which would end a value in a shell. */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll("'", '%27');
}

function network(text: string): string {
  const [address = '', prefix = '', ...rest] = text.split('/');
  if (!isIPv4(address) || !/^\d{1,2}$/.test(prefix) || Number(prefix) > 32 || rest.length > 0) {
    throw refused(text, 'it is no IPv4 network');
  }
  return text;
}

function refused(value: string, why: string): InvalidValue {
  return new InvalidValue(`${JSON.stringify(value.slice(0, 80))} is refused: ${why}`);
}
