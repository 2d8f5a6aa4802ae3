/** The real driver on real hosts keeps the contract: on each Debian that docs/hosts.md names, with its own Docker Engine. */
import { afterAll, beforeAll } from 'vitest';
import { createHostDriver } from '../../../host-driver/connect.ts';
import { hostContract } from '../../contract/host.ts';
import { driverSandbox } from '../../support/driver-sandbox.ts';
import type { DriverSandbox } from '../../support/driver-sandbox.ts';

let sandbox: DriverSandbox;
const driver = createHostDriver();

beforeAll(async () => {
  sandbox = await driverSandbox('driver', [
    { name: 'debian-12', debian: 12 },
    { name: 'debian-13', debian: 13 },
  ]);
});

afterAll(async () => {
  await driver.close();
  await sandbox.sandbox.down();
});

for (const name of ['debian-12', 'debian-13']) {
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
