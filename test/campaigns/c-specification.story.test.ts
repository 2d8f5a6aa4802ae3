import { describe } from 'vitest';
import { specificationCampaign } from './c-specification.ts';
import { shortForm } from './campaign.ts';

describe('campaign C, short', async () => {
  await shortForm(specificationCampaign);
});
