/** Here and not beside the campaign, because it needs a blob server. */
import { describe } from 'vitest';
import { shortForm } from '../../campaigns/campaign.ts';
import { faultCampaign } from '../../campaigns/faults/campaign.ts';

describe('the faults campaign, short', async () => {
  await shortForm(faultCampaign);
});
