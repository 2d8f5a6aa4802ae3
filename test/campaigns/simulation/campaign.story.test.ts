import { describe, expect, it } from 'vitest';
import { shortForm } from '../campaign.ts';
import { simulationCampaign } from './campaign.ts';
import { runSeed } from './run.ts';

describe('the simulation, short', async () => {
  await shortForm(simulationCampaign);

  it('does the same at the same moments each time a seed runs', { timeout: 300_000 }, async () => {
    const [first, again] = [await runSeed(18), await runSeed(18)];
    expect(again.trace).toEqual(first.trace);
    expect(again.digest).toBe(first.digest);
  });
});
