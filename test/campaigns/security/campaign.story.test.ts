import { describe } from 'vitest';
import { shortForm } from '../campaign.ts';
import { securityCampaign } from './campaign.ts';

describe('campaign security, short', async () => {
  await shortForm(securityCampaign);
});
