import { afterAll, beforeAll, describe } from 'vitest';
import { describeCluster } from '../../contract/cluster.ts';
import { openCluster, type TestCluster } from '../../support/cluster.ts';
import { installWidgets } from '../../support/widgets.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await openCluster('contract');
  await installWidgets(cluster.client);
});
afterAll(() => cluster.close());

describe('the real API server', () => {
  describeCluster(() => ({ cluster: cluster.client, namespace: cluster.namespace }));
});
