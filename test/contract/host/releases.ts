/** Writing, applying, stopping and pruning releases. */
import { describe, expect, it } from 'vitest';
import { aFence, aFile, aRelease } from '../../support/host-builders.ts';
import { waitFor } from '../../support/wait.ts';
import { signal } from './bench.ts';
import type { HostBench } from './bench.ts';

export function releaseCases(bench: HostBench): void {
  describe('a release', () => {
    it('is written without touching what runs, and once more without harm', async () => {
      const { host, project, image } = await bench.start();
      const release = aRelease(project, image);
      await host.claim(project, aFence(), signal);
      await host.writeRelease(project, release, aFence(), signal);
      await host.writeRelease(project, release, aFence(), signal);
      const seen = await host.observe(project, 'quick', signal);
      expect(seen.releases).toEqual([release.digest]);
      expect(seen.currentRelease).toBeUndefined();
      expect(seen.containers).toEqual([]);
    });

    it('whose file has another content than its name says is refused', async () => {
      const { host, project, image } = await bench.start();
      await host.claim(project, aFence(), signal);
      const release = aRelease(project, image, { files: [{ ...aFile('good'), content: 'bad' }] });
      await expect(host.writeRelease(project, release, aFence(), signal)).rejects.toThrow(/another content/);
      expect((await host.observe(project, 'quick', signal)).releases).toEqual([]);
    });

    it('is applied: containers run, volumes are there, current leads to it, state remembers the hashes', async () => {
      const { host, project, release, image } = await bench.applied();
      await host.record(
        project,
        { applied: { digest: release.digest, version: release.version } },
        aFence(),
        signal,
      );
      const seen = await waitFor('healthy services', async () => {
        const now = await host.observe(project, 'full', signal);
        return now.containers.every((one) => one.service === 'web' || one.health === 'healthy') && now;
      });
      expect(seen.currentRelease).toBe(release.digest);
      expect(seen.volumes).toEqual([`${project}_data`]);
      expect(seen.images).toContain(`${image.repository}@${image.digest}`);
      const services = seen.containers.map(({ service, state, restarts }) => ({ service, state, restarts }));
      expect(services.toSorted((a, b) => (a.service < b.service ? -1 : 1))).toEqual([
        { service: 'db', state: 'running', restarts: 0 },
        { service: 'web', state: 'running', restarts: 0 },
      ]);
      expect(seen.containers.find(({ service }) => service === 'web')?.health).toBe('none');
      const hashes = seen.containers.map(({ service, configHash, imageID }) => ({
        service,
        configHash,
        imageID,
      }));
      expect(seen.state?.applied?.services).toEqual(
        hashes.toSorted((a, b) => (a.service < b.service ? -1 : 1)),
      );
      expect(seen.state?.applied).toMatchObject({
        digest: release.digest,
        version: '3.43.2',
        composeVersion: seen.facts.composeVersion,
      });
    });

    it('that runs is read back: its compose file and its secrets, and nothing that others may read', async () => {
      const { host, project, image } = await bench.claimed();
      const plain = aRelease(project, image);
      const release = { ...plain, files: [...plain.files, aFile('x'.repeat(10_000), 0o600)] };
      await host.writeRelease(project, release, aFence(), signal);
      expect(await host.readDeployed(project, aFence(), signal)).toBeUndefined();
      await host.composeUp(project, release, 'all', aFence(), signal);
      const secrets = release.files.filter(({ mode }) => mode === 0o600);
      expect(secrets).toHaveLength(2);
      expect(await host.readDeployed(project, aFence(), signal)).toEqual({
        composeYaml: release.composeYaml,
        secrets: new Map(
          plain.files.filter(({ mode }) => mode === 0o600).map((one) => [one.name, String(one.content)]),
        ),
        // Of what is too long for a generated one, it gives only the digest.
        digests: new Map(secrets.map((one) => [one.name, one.sha256])),
      });
      const stranger = { ...aFence(9), owner: { ...aFence().owner, name: 'stranger' } };
      await expect(host.readDeployed(project, stranger, signal)).rejects.toMatchObject({
        reason: 'HostOwned',
      });
    });

    it('is applied in part: the wanted services and what they depend on', async () => {
      const { host, project, image } = await bench.claimed();
      const release = aRelease(project, image);
      await host.writeRelease(project, release, aFence(), signal);
      await host.composeUp(project, release, ['db'], aFence(), signal);
      const services = async () =>
        (await host.observe(project, 'quick', signal)).containers.map(({ service }) => service).toSorted();
      expect(await services()).toEqual(['db']);
      await host.composeUp(project, release, ['web'], aFence(), signal);
      expect(await services()).toEqual(['db', 'web']);
    });

    it('that changes one service recreates just that one', async () => {
      const { host, project, image } = await bench.applied();
      const before = await host.observe(project, 'quick', signal);
      const next = aRelease(project, image, { webSetting: 'two' });
      await host.writeRelease(project, next, aFence(), signal);
      await host.composeUp(project, next, 'all', aFence(), signal);
      const after = await host.observe(project, 'quick', signal);
      const id = (seen: typeof before, service: string) =>
        seen.containers.find((one) => one.service === service)?.id;
      expect(id(after, 'db')).toBe(id(before, 'db'));
      expect(id(after, 'web')).not.toBe(id(before, 'web'));
      expect(after.currentRelease).toBe(next.digest);
    });

    it('whose file changed recreates the service that mounts it', async () => {
      const { host, project, image } = await bench.applied();
      const before = await host.observe(project, 'quick', signal);
      const next = aRelease(project, image, { secret: 'another password' });
      await host.writeRelease(project, next, aFence(), signal);
      await host.composeUp(project, next, ['db'], aFence(), signal);
      const after = await host.observe(project, 'quick', signal);
      const hash = (seen: typeof before) => seen.containers.find((one) => one.service === 'db')?.configHash;
      expect(hash(after)).not.toBe(hash(before));
    });

    it('without a service removes its container', async () => {
      const { host, project, image } = await bench.applied();
      const next = aRelease(project, image, { services: ['db'] });
      await host.writeRelease(project, next, aFence(), signal);
      await host.composeUp(project, next, 'all', aFence(), signal);
      expect((await host.observe(project, 'quick', signal)).containers.map(({ service }) => service)).toEqual(
        ['db'],
      );
    });

    it('that would recreate a volume is refused, and everything goes on running', async () => {
      const { host, project, image } = await bench.applied();
      const before = await host.observe(project, 'quick', signal);
      const next = aRelease(project, image, { dataDriverOptions: { type: 'tmpfs', device: 'tmpfs' } });
      await host.writeRelease(project, next, aFence(), signal);
      await expect(host.composeUp(project, next, 'all', aFence(), signal)).rejects.toMatchObject({
        reason: 'VolumeChanged',
        message: expect.stringContaining(`${project}_data`),
      });
      const after = await host.observe(project, 'quick', signal);
      expect(after.containers.map(({ id, state }) => ({ id, state }))).toEqual(
        before.containers.map(({ id, state }) => ({ id, state })),
      );
      expect(after.currentRelease).toBe(before.currentRelease);
    });

    it('that was not written, or whose image is not there, is not applied', async () => {
      const { host, project, image, missingImage } = await bench.start();
      await host.claim(project, aFence(), signal);
      await expect(
        host.composeUp(project, aRelease(project, image), 'all', aFence(), signal),
      ).rejects.toMatchObject({ reason: 'ComposeFailed' });
      const release = aRelease(project, missingImage);
      await host.writeRelease(project, release, aFence(), signal);
      await expect(host.composeUp(project, release, 'all', aFence(), signal)).rejects.toMatchObject({
        reason: 'ComposeFailed',
      });
      expect((await host.observe(project, 'quick', signal)).currentRelease).toBeUndefined();
    });

    it('stops all but what is to go on running', async () => {
      const { host, project } = await bench.applied();
      await host.composeStop(project, aFence(), signal, ['db']);
      await host.composeStop(project, aFence(), signal, ['db']);
      const { containers } = await host.observe(project, 'quick', signal);
      expect(Object.fromEntries(containers.map(({ service, state }) => [service, state]))).toEqual({
        db: 'running',
        web: 'exited',
      });
    });

    it('stops, keeping containers and data, and starts again', async () => {
      const { host, project, release } = await bench.applied();
      await host.composeStop(project, aFence(), signal);
      const stopped = await host.observe(project, 'full', signal);
      expect(stopped.containers.map(({ state }) => state)).toEqual(['exited', 'exited']);
      expect(stopped.volumes).toEqual([`${project}_data`]);
      await host.composeStop(project, aFence(), signal);
      await host.composeUp(project, release, 'all', aFence(), signal);
      const again = await host.observe(project, 'quick', signal);
      expect(again.containers.map(({ id }) => id).toSorted()).toEqual(
        stopped.containers.map(({ id }) => id).toSorted(),
      );
      expect(again.containers.map(({ state }) => state)).toEqual(['running', 'running']);
    });

    it('that is neither kept nor current is pruned', async () => {
      const { host, project, image, release } = await bench.applied();
      const [kept, old] = [
        aRelease(project, image, { webSetting: 'kept' }),
        aRelease(project, image, { webSetting: 'old' }),
      ];
      await host.writeRelease(project, kept, aFence(), signal);
      await host.writeRelease(project, old, aFence(), signal);
      await host.prune(project, [kept.digest], aFence(), signal);
      const seen = await host.observe(project, 'full', signal);
      expect(seen.releases.toSorted()).toEqual([kept.digest, release.digest].toSorted());
      expect(seen.images).toContain(`${image.repository}@${image.digest}`);
      expect(seen.containers.map(({ state }) => state)).toEqual(['running', 'running']);
    });
  });
}
