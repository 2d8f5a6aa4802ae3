/** Campaign `hosts`: what happens to hosts and to the line to them, on real sshd and Docker. */
import type { Campaign } from '../campaign.ts';
import { Scene } from '../world/scene.ts';
import { identityCases } from './identity.ts';
import { lostCases } from './lost.ts';
import { machineCases } from './machine.ts';
import { manyCases } from './many.ts';
import { timeCases } from './time.ts';

const scene = new Scene();

export const hostsCampaign: Campaign = {
  title: 'faults of hosts and of the lines to them',
  // Their faults concern the whole host, so the cases take turns.
  parallel: 1,
  cases: (form) => [
    ...lostCases(scene, form),
    ...machineCases(scene, form),
    ...manyCases(scene, form),
    ...(form === 'long' ? [...timeCases(scene), ...identityCases(scene)] : []),
  ],
  close: () => scene.close(),
};
