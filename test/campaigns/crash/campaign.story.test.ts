import { describe } from 'vitest';
import { crashCampaign } from './campaign.ts';
import { shortForm } from '../campaign.ts';

describe('the crash campaign, short', async () => {
  await shortForm(crashCampaign);
});
