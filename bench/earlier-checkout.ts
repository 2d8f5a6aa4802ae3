/** The build that a goal is measured against. Everything of it comes from there, images too. */
import { checkOut, type Checkout } from '../kit/checkout.ts';

export const earlierName = 'build restore-in-place';

export function earlierCheckout(): Promise<Checkout | { readonly missing: string }> {
  return checkOut(['refs/tags/restore-in-place', '8edbfb7']);
}
