/** `kubectl jtel plan` shows what the operator would do, and why, without doing it. */
import { getStack, requireName, type Kit } from '../kit.ts';
import { printObject } from '../output.ts';
import { planView } from './view.ts';
import { foresee } from './foresee.ts';

export interface PlanOptions {
  readonly filename?: string;
  readonly output?: 'json' | 'yaml';
}

export async function planStack(kit: Kit, name: string, { filename, output }: PlanOptions): Promise<void> {
  requireName(name, 'STACK');
  const stack =
    filename === undefined
      ? await getStack(kit, name)
      : await (await import('./dry-run.ts')).stackAsIfApplied(kit, name, filename);
  const forecast = await foresee(kit, stack);
  if (output !== undefined) return await printObject(kit, forecast, output);
  kit.print(planView(forecast, kit.view()));
}
