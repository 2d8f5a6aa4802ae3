/** The builds that goals are measured against. Everything of them comes from there, images too. */
import { checkOut, type Checkout } from '../kit/checkout.ts';

/** What a build is called in results, and what its commit is called. */
export interface EarlierBuild {
  readonly name: string;
  readonly names: readonly string[];
}

/** It loaded backups in place. */
export const restoreBuild: EarlierBuild = {
  name: 'build restore-in-place',
  names: ['refs/tags/restore-in-place', '8edbfb7'],
};
/** Before looks, caches and pauses were made for a thousand hosts. */
export const fleetBuild: EarlierBuild = {
  name: 'before-fleet',
  names: ['refs/tags/before-fleet', 'dab9168e'],
};
/** Before everything from outside was bounded. */
export const hostileBuild: EarlierBuild = {
  name: 'build before-hostile',
  names: ['refs/tags/before-hostile', '0f98cd0d'],
};

export const earlierName = restoreBuild.name;

export function earlierCheckout(build = restoreBuild): Promise<Checkout | { readonly missing: string }> {
  return checkOut(build.names);
}
