import { describe } from 'vitest';
import { shortForm } from '../campaign.ts';
import { controlPlaneCampaign } from './campaign.ts';

describe('campaign control-plane, short', async () => {
  await shortForm(controlPlaneCampaign);
});
