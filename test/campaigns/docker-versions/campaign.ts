/**
 * Campaign `docker-versions`: the contract of hosts (`test/contract/host.ts`) and the settings of Docker, with
 * the versions of Docker and compose that people have. Debian 12 and 13 bring their own; the others are built
 * from their Go modules.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { optional } from '../../../base/optional.ts';
import type { Campaign, CampaignCase } from '../campaign.ts';
import { debianVariable, programsVariable } from './programs.ts';

/** `make test` runs the second as tests of its own. */
const hosts: readonly { readonly name: string; readonly debian: 12 | 13; readonly programs?: string }[] = [
  { name: 'Docker 20.10 and compose 2.26, as Debian 12 has them', debian: 12 },
  { name: 'Docker 26.1 and compose 2.26, as Debian 13 has them', debian: 13 },
  { name: 'Docker 26.1 and compose 5', debian: 13, programs: 'compose-5' },
  { name: 'Docker 29 and compose 2.26', debian: 13, programs: 'docker-29' },
  { name: 'Docker 29 and compose 5', debian: 13, programs: 'docker-29,compose-5' },
];

export const dockerVersionsCampaign: Campaign = {
  title: 'the contract of hosts with versions of Docker and compose',
  cases: () =>
    hosts.map(({ name, debian, programs }): CampaignCase => ({
      name,
      run: () => contract(debian, programs),
    })),
};

const files = ['contract', 'docker-settings'].map((name) => `test/integration/host-driver/${name}.test.ts`);

async function contract(debian: 12 | 13, programs: string | undefined): Promise<void> {
  const env = {
    ...process.env,
    ...optional({ [programsVariable]: programs, [debianVariable]: String(debian) }),
  };
  const vitest = spawn('vitest', ['run', '--project', 'integration', ...files], { env, stdio: 'inherit' });
  const [code] = (await once(vitest, 'close')) as [number | null];
  if (code !== 0)
    throw new Error(`the contract is not kept (vitest ended with ${code}); what it said is above`);
}
