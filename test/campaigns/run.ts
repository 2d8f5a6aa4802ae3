/**
 * `make campaign-<name>` runs the long form of a campaign. Its last line is `campaign <name>: N cases, N
 * passed, N failed`, and the exit code is 0 only when none failed. It removes the sandboxes that its cases
 * brought up, but not one that JTEL_SANDBOX names.
 */
import { readdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import picocolors from 'picocolors';
import { Sandbox } from '../../sandbox/index.ts';
import type { Campaign, CampaignCase } from './campaign.ts';

/** Loaded on demand, because a campaign brings what it needs. */
const campaigns: Readonly<Record<string, () => Promise<Campaign>>> = {
  channels: async () => (await import('./channels/campaign.ts')).channelsCampaign,
  crash: async () => (await import('./crash/campaign.ts')).crashCampaign,
  specification: async () => (await import('./specification/campaign.ts')).specificationCampaign,
  faults: async () => (await import('./faults/campaign.ts')).faultCampaign,
  security: async () => (await import('./security/campaign.ts')).securityCampaign,
  hosts: async () => (await import('./hosts/campaign.ts')).hostsCampaign,
  'docker-versions': async () => (await import('./docker-versions/campaign.ts')).dockerVersionsCampaign,
  release: async () => (await import('./release/campaign.ts')).releaseCampaign,
  simulation: async () => (await import('./simulation/campaign.ts')).simulationCampaign,
  'control-plane': async () => (await import('./control-plane/campaign.ts')).controlPlaneCampaign,
  stale: async () => (await import('./stale/campaign.ts')).staleCampaign,
  flux: async () => (await import('./flux/campaign.ts')).fluxCampaign,
  world: async () => (await import('./world/campaign.ts')).worldCampaign,
};

const usage = `Usage: node test/campaigns/run.ts NAME [--short] [--only TEXT] [--part K/N]; names: ${Object.keys(campaigns).join(', ')}\n`;
const ownSandbox = 'campaign';

interface Failed {
  readonly name: string;
  readonly error: unknown;
}

async function main(): Promise<number> {
  const [asked, ...others] = process.argv.slice(2);
  // Its cases are numbers, of which there is no end.
  if (asked === 'simulation' && !others.includes('--short'))
    return await (
      await import('./simulation/command.ts')
    ).simulate(others, (text) => void process.stdout.write(text));
  const { values, positionals } = parseArgs({
    options: {
      short: { type: 'boolean', default: false },
      only: { type: 'string' },
      part: { type: 'string', default: '1/1' },
    },
    allowPositionals: true,
  });
  const [name = ''] = positionals;
  const load = campaigns[name];
  const [part, parts] = values.part.split('/').map(Number);
  if (load === undefined || part === undefined || parts === undefined || !(part >= 1 && part <= parts)) {
    process.stderr.write(usage);
    return 2;
  }
  const keepsSandbox = (process.env['JTEL_SANDBOX'] ?? '') !== '';
  if (!keepsSandbox) process.env['JTEL_SANDBOX'] = ownSandbox;
  const campaign = await load();
  const { only } = values;
  const all = await campaign.cases(values.short ? 'short' : 'long');
  const named = only === undefined ? all : all.filter((each) => each.name.includes(only));
  // Neighbours are alike, so each part gets some of every kind.
  const cases = named.filter((_, index) => index % parts === part - 1);
  const start = performance.now();
  process.stdout.write(`${campaign.title}: ${cases.length} cases\n`);
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  const failed = await runAll(cases, campaign.parallel ?? 1, interrupted.signal);
  await campaign.close?.();
  if (!keepsSandbox) await removeSandboxes();
  const figures = `${cases.length} cases, ${cases.length - failed.length} passed, ${failed.length} failed`;
  process.stdout.write(`${seconds(start)} s\ncampaign ${name}: ${figures}\n`);
  return failed.length === 0 && cases.length > 0 ? 0 : 1;
}

/** @param signal cases that did not begin before it aborts count as failed */
async function runAll(
  cases: readonly CampaignCase[],
  parallel: number,
  signal: AbortSignal,
): Promise<readonly Failed[]> {
  const start = performance.now();
  const failed: Failed[] = [];
  let done = 0;
  const queue = cases.values();
  const worker = async (): Promise<void> => {
    for (const { name, run } of queue) {
      try {
        if (signal.aborted) throw new Error('not run, because the campaign was interrupted');
        await run();
      } catch (error) {
        failed.push({ name, error });
        const text = error instanceof Error ? error.message : String(error);
        process.stdout.write(`${picocolors.red('failed')} ${name}: ${text}\n`);
      }
      done += 1;
      if (done % Math.max(1, Math.ceil(cases.length / 20)) !== 0) continue;
      const progress = `${done}/${cases.length}, ${failed.length} failed, ${seconds(start)} s`;
      process.stdout.write(`${picocolors.dim(progress)}\n`);
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return failed;
}

/**
 * Brings down what cases brought up: the sandbox itself, and others whose names begin with its own and a
 * dash.
 */
async function removeSandboxes(): Promise<void> {
  const there = await readdir('.sandbox').catch(() => []);
  const own = there.filter((each) => each === ownSandbox || each.startsWith(`${ownSandbox}-`));
  for (const each of own) await Sandbox.remove(each);
}

function seconds(start: number): string {
  return ((performance.now() - start) / 1000).toFixed(1);
}

process.exitCode = await main();
