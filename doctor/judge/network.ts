/** What it means that a TCP connection failed in a certain way. Pure. */
import { addressRefusedCode } from '../../base/address-refused.ts';

/** What happened to a plain TCP connection, without a word of any protocol. */
export type Connected =
  | { readonly kind: 'Open' }
  /** Somebody said no at once. */
  | { readonly kind: 'Refused' }
  /** Nobody said anything. */
  | { readonly kind: 'NoAnswer' }
  | { readonly kind: 'NoRoute' }
  | { readonly kind: 'NoName' }
  /** The own machine lets nothing out. */
  | { readonly kind: 'Forbidden' }
  /** The operator's own configuration lets it connect nowhere there. */
  | { readonly kind: 'NotAllowed' }
  | { readonly kind: 'Other'; readonly code: string };

const kinds: Readonly<Record<string, Connected['kind']>> = {
  ECONNREFUSED: 'Refused',
  ETIMEDOUT: 'NoAnswer',
  EHOSTUNREACH: 'NoRoute',
  ENETUNREACH: 'NoRoute',
  ENOTFOUND: 'NoName',
  EAI_AGAIN: 'NoName',
  EPERM: 'Forbidden',
  EACCES: 'Forbidden',
  [addressRefusedCode]: 'NotAllowed',
};

/** @param code of a Node error */
export function connectedBy(code: string): Connected {
  const kind = Object.hasOwn(kinds, code) ? kinds[code] : undefined;
  return kind === undefined || kind === 'Other' || kind === 'Open' ? { kind: 'Other', code } : { kind };
}

/** Who asks: a person at their machine, or the operator in its pod. */
export type Asker = 'Person' | 'Operator';

/** @param place `address:port`. @returns sentences: what that means, and what to do */
export function connectAdvice(connected: Connected, place: string, asker: Asker): string {
  const policy =
    asker === 'Operator'
      ? 'a NetworkPolicy of the pod (the chart’s networkPolicy.egressPorts, or one of the cluster) or a firewall'
      : 'a firewall';
  switch (connected.kind) {
    case 'Open':
      return `See what answers at ${place}: the connection opens, and then the other side says something else.`;
    case 'Refused':
      return `See that the service runs and listens there: ${place} refuses the connection, so the way is open (or a firewall rejects it).`;
    case 'NoAnswer':
      return `Let ${place} through: nobody answers, so ${policy} drops the packets, or no machine has that address.`;
    case 'NoRoute':
      return `Correct the address or the routes: there is no way to ${place}.`;
    case 'NoName':
      return `Correct the name, or the name server: ${place} has a name that is not known here${asker === 'Operator' ? '; a NetworkPolicy must let DNS (port 53) through' : ''}.`;
    case 'Forbidden':
      return `Let this machine send to ${place}: its own rules (${policy}) forbid it.`;
    case 'NotAllowed':
      return `Give an address that the operator may connect to, or allow that of ${place} with --allow-endpoint-range (the chart’s endpoints.allowedRanges).`;
    case 'Other':
      return `See with a connection by hand what is wrong at ${place} (${connected.code}).`;
  }
}
