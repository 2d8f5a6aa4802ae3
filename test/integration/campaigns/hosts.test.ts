/** Here and not beside the campaign, because it needs a host. */
import { describe } from 'vitest';
import { shortForm } from '../../campaigns/campaign.ts';
import { hostsCampaign } from '../../campaigns/hosts/campaign.ts';

describe('the hosts campaign, short', async () => {
  await shortForm(hostsCampaign);
});
