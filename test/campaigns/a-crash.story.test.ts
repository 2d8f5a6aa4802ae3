import { describe } from 'vitest';
import { crashCampaign } from './a-crash.ts';
import { shortForm } from './campaign.ts';

describe('campaign A, short', async () => {
  await shortForm(crashCampaign);
});
