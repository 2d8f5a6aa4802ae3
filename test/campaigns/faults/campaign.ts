/** Campaign `faults`: what blob stores can do wrong, at each place where the product talks to one. */
import { startBlobDouble, type TestDouble } from '../../support/blob-double.ts';
import { backupCases } from './backup.ts';
import type { Campaign } from '../campaign.ts';
import { controllerCases } from './controller.ts';
import { restoreCases } from './restore.ts';
import { Scene } from './stage.ts';
import { storeCases } from './store.ts';

let double: TestDouble | undefined;
let scene: Scene | undefined;

export const faultCampaign: Campaign = {
  title: 'faults of blob stores',
  // Most of a case is waiting between tries. The containers tell the faults of different cases apart.
  parallel: 8,
  cases: async (form) => {
    double = await startBlobDouble();
    scene = await Scene.open(double);
    return [
      ...storeCases(double, form),
      ...(await controllerCases(double, form)),
      ...(await backupCases(scene, form)),
      ...(await restoreCases(scene, form)),
    ];
  },
  close: async () => {
    await scene?.close();
    await double?.[Symbol.asyncDispose]();
  },
};
