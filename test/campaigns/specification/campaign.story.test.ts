import { describe } from 'vitest';
import { specificationCampaign } from './campaign.ts';
import { shortForm } from '../campaign.ts';

describe('the specification campaign, short', async () => {
  await shortForm(specificationCampaign);
});
