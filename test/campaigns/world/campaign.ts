/**
 * Campaign `world`: situations that people met outside the sandbox, and what is right in each
 * (`make campaign-world`).
 *
 * To add a report, write a line in `situations.ts` and a case in a file of `cases/` (one per theme; a new
 * file is found by itself):
 *
 *     export const cases: readonly WorldCase[] = [
 *       {
 *         id: 'W34',
 *         title: 'a file name with a line break comes back as it was',
 *         needs: 'nothing', // or 'sandbox'
 *         run: async (scene) => {
 *           // node:assert, because the long form has no vitest
 *           assert.equal(await restored('a\nb'), 'a\nb');
 *         },
 *       },
 *     ];
 *
 * Something expensive and shared (a blob double, a host) is a `Part`: `await scene.part(blobDouble)`. A case
 * gets hosts of its own by `driverSandbox(…)` or `Sandbox.up(…)`, under a name that begins with JTEL_SANDBOX,
 * as everywhere in `test/integration`.
 */
import { readdirSync } from 'node:fs';
import type { Campaign, CampaignCase, CampaignForm } from '../campaign.ts';
import { Scene, type WorldCase } from './scene.ts';
import { optional } from '../../../base/optional.ts';

export const worldCampaign: Campaign = worldCases(() => true);
/** Runs beside the unit tests. */
export const withNothing: Campaign = worldCases(({ needs }) => needs === 'nothing');
/** Runs beside the integration tests. */
export const withSandbox: Campaign = worldCases(({ needs }) => needs === 'sandbox');

/** Every case of every file in `cases/`, in the order of their situations. */
export async function allCases(): Promise<readonly WorldCase[]> {
  const files = readdirSync(new URL('cases/', import.meta.url))
    .filter((name) => name.endsWith('.ts'))
    .toSorted();
  const themes = await Promise.all(
    files.map(async (name) => {
      const theme = (await import(new URL(`cases/${name}`, import.meta.url).href)) as {
        readonly cases?: readonly WorldCase[];
      };
      if (theme.cases === undefined) throw new Error(`test/campaigns/world/cases/${name} exports no cases`);
      return theme.cases;
    }),
  );
  return themes.flat().toSorted((a, b) => Number(a.id.slice(1)) - Number(b.id.slice(1)));
}

function worldCases(isWanted: (each: WorldCase) => boolean): Campaign {
  const scene = new Scene();
  return {
    title: 'situations of the world outside the sandbox',
    // One after the other, because cases that share a host change it.
    parallel: 1,
    cases: async (form) =>
      (await allCases())
        .filter((each) => isWanted(each) && isIn(each, form))
        .map((each) => asCase(each, scene)),
    close: () => scene.close(),
  };
}

function isIn(each: WorldCase, form: CampaignForm): boolean {
  return form === 'long' || each.form !== 'long';
}

function asCase({ id, title, limitSeconds, run }: WorldCase, scene: Scene): CampaignCase {
  return {
    name: `${id}: ${title}`,
    run: () => run(scene),
    ...optional({ limitSeconds }),
  };
}
