/** What commits do that can be carried out: a first one, a new release, a change and its revert. */
import assert from 'node:assert/strict';
import { delimiter, dirname, join } from 'node:path';
import { pluginDirectory } from '../../../sandbox/installation/kubectl.ts';
import { tryRun, type RunResult } from '../../../kit/process.ts';
import { waitFor } from '../../support/wait.ts';
import { firstVersion, nextVersion } from './fill-in.ts';
import { type FluxCase, customer, folder, type Stage } from './stage.ts';

const firstName = 'customer-a.jtel.example';

export const commitCases: readonly FluxCase[] = [
  {
    name: 'a first commit brings a customer from nothing to Ready, and Flux waits for it',
    run: async (stage) => {
      assert.ok(stage.waited.length > 0, 'nobody saw Flux wait');
      assert.deepEqual(
        stage.waited.filter((said) => said.startsWith('True')),
        [],
      );
      assert.equal((await stage.stack()).status?.version, firstVersion);
      assert.equal(await stage.servedName(), firstName);
    },
  },
  {
    name: 'secrets lie encrypted in git, and arrive decrypted',
    run: async (stage) => {
      const git = await stage.repository.read(`${folder}/secrets.yaml`);
      assert.doesNotMatch(git, /PRIVATE KEY/);
      assert.match(git, /ssh-privatekey: ENC\[/);
      assert.equal((await stage.secret('host-key'))['ssh-privatekey'], stage.host.privateKey);
    },
  },
  {
    name: 'the history says the commit of the present spec',
    run: async (stage) => await expectCommit(stage, await stage.repository.head()),
  },
  {
    name: 'CI says what a commit would do, against the live fleet, and changes nothing',
    run: async (stage) => {
      const { generation } = (await stage.stack()).metadata;
      await rename(stage, 'renamed.jtel.example');
      await stage.repository.commit('Give the customer another name');
      const good = await check(stage);
      assert.equal(good.code, 0, good.stderr);
      assert.match(good.stdout, /== customer-a/);
      assert.match(good.stdout, /acd-web-1 +recreated/);
      await stage.repository.replace(`${folder}/stack.yaml`, 'size: Small', 'size: Huge');
      await stage.repository.commit('Make it huge');
      const bad = await check(stage);
      assert.equal(bad.code, 1, bad.stdout);
      assert.match(`${bad.stdout}${bad.stderr}`, /Unsupported value: "Huge"/);
      await stage.repository.discard();
      assert.equal((await stage.stack()).metadata.generation, generation);
    },
  },
  {
    name: 'a change is made, and git revert brings the earlier state back',
    run: async (stage) => {
      await rename(stage, 'renamed.jtel.example');
      const commit = await stage.commit('Give the customer another name');
      await stage.settled(commit);
      assert.equal(await stage.servedName(), 'renamed.jtel.example');
      await expectCommit(stage, commit);
      const revert = await stage.revert();
      await stage.settled(revert);
      assert.equal(await stage.servedName(), firstName);
      await expectCommit(stage, revert);
    },
  },
  {
    name: 'a commit is taken at once, although Flux still waits for the one before',
    run: async (stage) => {
      await stage.sandbox.faults('host-1').cut();
      try {
        await rename(stage, 'first.jtel.example');
        const first = await stage.commit('Cannot be made now, because the host is away');
        await stage.flux.until(customer, first, 'Progressing');
        await stage.untilStack('the spec of the first', ({ spec }) => isNamed(spec, 'first.jtel.example'));
        await stage.revert();
        await stage.untilStack('the spec of its revert', ({ spec }) => isNamed(spec, firstName));
      } finally {
        await stage.sandbox.faults('host-1').mend();
      }
      await stage.settled(await stage.repository.head());
      assert.equal(await stage.servedName(), firstName);
    },
  },
];

/** Comes after the orders, because the channel asks for a backup. */
export const channelCases: readonly FluxCase[] = [
  {
    name: 'one line in the channel updates the stack, and Flux can wait for the channel, too',
    run: async (stage) => {
      await stage.repository.replace('fleet/channel/channel.yaml', firstVersion, nextVersion);
      const commit = await stage.commit('Bring the next release');
      const early: string[] = [];
      await waitFor(
        `the stack to run ${nextVersion}`,
        async () => {
          const said = await stage.flux.said('channel', commit);
          const { status } = await stage.stack();
          if (status?.version === nextVersion && status.phase === 'Ready') return true;
          if (said?.startsWith('True') === true) early.push(said);
          return false;
        },
        { timeoutSeconds: 420, intervalMilliseconds: 1000 },
      );
      assert.deepEqual(early, [], 'Flux was content with the channel before the stack was updated');
      await stage.flux.until('channel', commit, 'ReconciliationSucceeded');
      await stage.settled(commit);
      await expectCommit(stage, commit);
    },
  },
];

function isNamed(spec: { readonly network?: { readonly fqdn?: string } }, name: string): boolean {
  return spec.network?.fqdn === name;
}

async function rename(stage: Stage, name: string): Promise<void> {
  await stage.repository.replace(`${folder}/stack.yaml`, /fqdn: .*/, `fqdn: ${name}`);
}

/** `kubectl jtel history` has one line for the present spec, with its commit. */
async function expectCommit(stage: Stage, commit: string): Promise<void> {
  const shown = await stage.kubectl.jtel(['history', customer, '-n', customer]);
  const present = shown.split('\n').find((line) => line.includes('▶')) ?? shown;
  assert.ok(present.includes(commit.slice(0, 7)), `${commit} is not in:\n${shown}`);
}

/** What the pipeline runs for a pull request. */
async function check(stage: Stage): Promise<RunResult> {
  const { folder: cwd } = stage.repository;
  const path = [dirname(stage.kubectl.binary), pluginDirectory, process.env['PATH']].join(delimiter);
  return await tryRun([join(cwd, 'ci/check.sh'), 'origin/main'], {
    cwd,
    env: { ...process.env, PATH: path, KUBECONFIG: stage.kubectl.kubeconfig },
  });
}
