/** Campaign E: what blob stores can do wrong, at each place where the product talks to one. */
import type { Campaign } from './campaign.ts';
import { closeDouble, storeCases } from './e-store.ts';

export const faultCampaign: Campaign = {
  letter: 'e',
  title: 'faults of blob stores',
  // Most of a case is waiting between tries; faults of different cases are told apart by their containers.
  parallel: 12,
  cases: (form) => storeCases(form),
  close: closeDouble,
};
