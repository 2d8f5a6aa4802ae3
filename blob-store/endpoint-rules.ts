/**
 * What the whole process allows of endpoints that resources name. It is set once, when the operator starts, so
 * no way to a store can forget it. Programs that a person runs at a terminal set nothing: what they reach is
 * that person's own business.
 */
import type { AddressRules } from '../base/address-rules.ts';

export interface EndpointRules {
  readonly addresses: AddressRules;
  /** Stores by `http://` are for tests: rights and data pass unencrypted. */
  readonly allowsHTTP: boolean;
}

let rules: EndpointRules | undefined;

export function restrictEndpoints(to: EndpointRules | undefined): void {
  rules = to;
}

export function endpointRules(): EndpointRules | undefined {
  return rules;
}
