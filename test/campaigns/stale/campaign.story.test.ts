import { describe } from 'vitest';
import { shortForm } from '../campaign.ts';
import { staleCampaign } from './campaign.ts';

describe('campaign stale, short', async () => {
  await shortForm(staleCampaign);
});
