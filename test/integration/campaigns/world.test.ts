/** Here and not beside the campaign, because these cases need blob servers, hosts or a cluster. */
import { describe, it, expect } from 'vitest';
import { shortForm } from '../../campaigns/campaign.ts';
import { withNothing, withSandbox, worldCampaign } from '../../campaigns/world/campaign.ts';

describe('campaign world, short, what needs the sandbox', async () => {
  await shortForm(withSandbox);

  it('is, with what needs nothing, all of it', async () => {
    const [all, apart] = [await worldCampaign.cases('long'), [withNothing, withSandbox]];
    const parts = (await Promise.all(apart.map((each) => each.cases('long')))).flat();
    expect(parts.map(({ name }) => name).toSorted()).toEqual(all.map(({ name }) => name).toSorted());
  });
});
