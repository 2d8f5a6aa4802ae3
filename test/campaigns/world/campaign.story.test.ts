import { describe, expect, it } from 'vitest';
import { shortForm } from '../campaign.ts';
import { allCases, withNothing } from './campaign.ts';
import { Scene, type Part } from './scene.ts';
import { situations } from './situations.ts';

describe('campaign world, short, what needs nothing', async () => {
  await shortForm(withNothing);

  it('has a case for every situation', async () => {
    const shown = new Set<string>((await allCases()).map(({ id }) => id));
    const missing = Object.keys(situations).filter((id) => !shown.has(id));
    expect(missing).toEqual([]);
  });

  it('names its cases apart', async () => {
    const names = (await allCases()).map(({ id, title }) => `${id}: ${title}`);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });
});

describe('a scene', () => {
  it('opens a part once, and closes it', async () => {
    const told: string[] = [];
    const part: Part<string> = {
      open: async () => (told.push('open'), 'it'),
      close: async (opened) => void told.push(`close ${opened}`),
    };
    const scene = new Scene();
    expect([await scene.part(part), await scene.part(part)]).toEqual(['it', 'it']);
    await scene.close();
    expect(told).toEqual(['open', 'close it']);
  });

  it('ends also when a part could not be opened', async () => {
    const scene = new Scene();
    const part: Part<never> = {
      open: () => Promise.reject(new Error('no host')),
      close: () => Promise.resolve(),
    };
    await expect(scene.part(part)).rejects.toThrow('no host');
    await expect(scene.close()).resolves.toBeUndefined();
  });
});
