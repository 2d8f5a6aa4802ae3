import { describe } from 'vitest';
import { describeCluster } from '../../test/contract/cluster.ts';
import { MemoryCluster } from './memory-cluster.ts';

const cluster = new MemoryCluster();

describe('the API in memory', () => {
  describeCluster(() => ({ cluster, namespace: 'test' }));
});
