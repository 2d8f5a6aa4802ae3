/**
 * The older Debian that docs/hosts.md names, as a customer hands it over: nothing is installed, Docker will
 * be its own 20.10, the login shell prints. Also what happens there when somebody reloads the firewall. The
 * other files run on Debian 13.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait.ts';
import { Stage } from './stage.ts';

const namespace = 'debian-12';
let stage: Stage;

beforeAll(async () => {
  stage = await Stage.open({ name: namespace, host: { kind: 'bare', debian: 12, dataRootMiB: 6144 } });
  await stage.startOperator(['--resync-seconds', '5']);
});

afterAll(() => stage.close());

describe('Debian 12', () => {
  it('goes from a bare machine to Ready', async () => {
    await stage.onHost(['sed', '-i', '1i echo welcome', '/home/jtel/.bashrc']);
    await stage.apply();
    const { status } = await stage.untilReady(600);
    expect(status?.host?.dockerVersion).toMatch(/^20\.10\./);
    expect((await stage.condition('Preflight', 'PreflightPassed')).message).toContain('"welcome"');
    expect(await stage.onHost(['docker', 'compose', 'version', '--short'])).toMatch(/^2\./);
    expect((await stage.page('/')).status).toBe(200);
    // The reported disk is Docker's own, not the machine's.
    expect(status?.host?.diskFreeBytes).toBeLessThan(6144 * 2 ** 20);
  });

  it('has its web page and its containers through a flush of all firewall rules', async () => {
    const started = () =>
      stage.onHost([
        'sh',
        '-c',
        "docker ps -q | xargs docker inspect -f '{{.Id}} {{.State.StartedAt}}' | sort",
      ]);
    const before = await started();
    await stage.onHost(['nft', 'flush', 'ruleset']);
    await waitFor(
      'Docker’s rules',
      async () => (await stage.tryOnHost(['iptables', '-t', 'nat', '-S', 'DOCKER'])).stdout.includes('DNAT'),
      { timeoutSeconds: 120 },
    );
    await stage.untilReady(120);
    expect(await started()).toBe(before);
    expect((await stage.page('/')).status).toBe(200);
  });
});
