/**
 * Campaign `flux`: examples/customer-repo on a git server, applied by the real Flux to a real cluster, and what commits do to a
 * real stack. The cases take turns, because they are the life of one customer; each leaves it as it was.
 */
import type { Campaign, CampaignCase } from '../campaign.ts';
import { Scene } from '../world/scene.ts';
import { channelCases, commitCases } from './commits.ts';
import { folderCases } from './folder.ts';
import { orderCases } from './orders.ts';
import { refusalCases } from './refusals.ts';
import { Stage } from './stage.ts';

const scene = new Scene();
const part = { open: () => Stage.open(), close: (stage: Stage) => stage.close() };

export const fluxCampaign: Campaign = {
  title: 'customers in git, by the real Flux',
  cases: () =>
    [...commitCases, ...refusalCases, ...orderCases, ...channelCases, ...folderCases].map(
      ({ name, run }): CampaignCase => ({
        name,
        run: async () => await run(await scene.part(part)),
      }),
    ),
  close: () => scene.close(),
};
