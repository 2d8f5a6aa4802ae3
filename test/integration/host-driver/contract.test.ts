/** The real driver on a real host keeps the contract. */
import { afterAll, beforeAll } from 'vitest';
import { createHostDriver } from '../../../host-driver/connect.ts';
import { hostContract } from '../../contract/host.ts';
import { driverSandbox } from '../../support/driver-sandbox.ts';
import type { DriverSandbox } from '../../support/driver-sandbox.ts';

let sandbox: DriverSandbox;
const driver = createHostDriver();

beforeAll(async () => {
  sandbox = await driverSandbox('driver', [{ name: 'host-1' }]);
});

afterAll(async () => {
  await driver.close();
  await sandbox.sandbox.down();
});

hostContract('SSH and Docker', () => {
  const { image, credentials } = sandbox;
  const host = driver.host(sandbox.target('host-1'));
  return { host, image, credentials, missingImage: { ...image, digest: `sha256:${'0'.repeat(64)}` } };
});
