/** That a rule refuses an address. It stands apart from the rules, which resolve names: judging it is pure. */

/** Stays on errors that other libraries wrap. */
export const addressRefusedCode = 'ADDRESS_REFUSED';

/** The message is a whole clause, without secrets. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
  readonly code = addressRefusedCode;
}
