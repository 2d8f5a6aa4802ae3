/**
 * `make campaign-<letter>` runs the long form of a campaign. Its last line is `campaign A: N cases, N passed, N failed`; exit
 * code 0 only when none failed.
 */
import { parseArgs } from 'node:util';
import picocolors from 'picocolors';
import type { Campaign } from './campaign.ts';

/** Letter → module. Loaded on demand: a campaign brings what it needs. */
const campaigns: Readonly<Record<string, () => Promise<Campaign>>> = {
  a: async () => (await import('./a-crash.ts')).crashCampaign,
  c: async () => (await import('./c-specification.ts')).specificationCampaign,
  e: async () => (await import('./e-faulty.ts')).faultCampaign,
};

interface Failed {
  readonly name: string;
  readonly error: unknown;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { short: { type: 'boolean', default: false }, only: { type: 'string' } },
    allowPositionals: true,
  });
  const [letter = ''] = positionals;
  const load = campaigns[letter.toLowerCase()];
  if (load === undefined) {
    process.stderr.write(`Usage: node test/campaigns/run.ts LETTER [--short] [--only TEXT]; letters: ${Object.keys(campaigns).join(', ')}\n`);
    return 2;
  }
  const campaign = await load();
  const { only } = values;
  const all = await campaign.cases(values.short ? 'short' : 'long');
  const cases = only === undefined ? all : all.filter(({ name }) => name.includes(only));
  const start = performance.now();
  const failed: Failed[] = [];
  let done = 0;
  process.stdout.write(`${campaign.title}: ${cases.length} cases\n`);
  const queue = cases.values();
  const worker = async (): Promise<void> => {
    for (const { name, run } of queue) {
      try {
        await run();
      } catch (error) {
        failed.push({ name, error });
        process.stdout.write(`${picocolors.red('failed')} ${name}: ${error instanceof Error ? error.message : String(error)}\n`);
      }
      done += 1;
      if (done % Math.max(1, Math.ceil(cases.length / 20)) === 0) process.stdout.write(`${picocolors.dim(`${done}/${cases.length}, ${failed.length} failed, ${seconds(start)} s`)}\n`);
    }
  };
  await Promise.all(Array.from({ length: campaign.parallel ?? 1 }, worker));
  await campaign.close?.();
  process.stdout.write(`${seconds(start)} s\ncampaign ${letter.toUpperCase()}: ${cases.length} cases, ${cases.length - failed.length} passed, ${failed.length} failed\n`);
  return failed.length === 0 && cases.length > 0 ? 0 : 1;
}

function seconds(start: number): string {
  return ((performance.now() - start) / 1000).toFixed(1);
}

process.exitCode = await main();
