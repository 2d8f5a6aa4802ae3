/**
 * The real driver on a real host keeps the contract: on Debian 13 with its own Docker Engine, and in the
 * campaign `docker-versions` on each Debian that docs/hosts.md names, with other engines too.
 */
import { afterAll, beforeAll } from 'vitest';
import { createHostDriver } from '../../host-driver/connect.ts';
import { driverSandbox, type DriverSandbox } from '../support/driver-sandbox.ts';
import { debian, installPrograms } from '../campaigns/docker-versions/programs.ts';
import { hostContract } from './host.ts';

/** In a sandbox of its own. */
export function realHostContract(): void {
  const name = `debian-${debian}`;
  const driver = createHostDriver();
  let sandbox: DriverSandbox;

  beforeAll(async () => {
    sandbox = await driverSandbox(`driver-${name}`, [{ name, debian }]);
    await installPrograms(sandbox, name);
  });

  afterAll(async () => {
    await driver.close();
    await sandbox.sandbox.down();
  });

  hostContract(`SSH and Docker on ${name}`, () => {
    const { image, credentials } = sandbox;
    const host = driver.host(sandbox.target(name));
    const each = (project: string, command: string): string =>
      `for v in $(docker volume ls -q --filter name=${project}_); do ${command}; done`;
    const lose = async (project: string, what: 'Volumes' | 'Content'): Promise<void> => {
      const command =
        what === 'Volumes'
          ? 'docker rm -f $(docker ps -aq --filter volume=$v) >/dev/null; docker volume rm $v'
          : 'find $(docker volume inspect -f "{{.Mountpoint}}" $v) -mindepth 1 -delete';
      await sandbox.onHost(name, each(project, command));
    };
    return { host, image, credentials, lose, missingImage: { ...image, digest: `sha256:${'0'.repeat(64)}` } };
  });
}
