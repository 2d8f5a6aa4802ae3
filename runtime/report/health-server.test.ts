import { Registry } from '@prometheus-io/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HealthServer } from './health-server.ts';
import { RuntimeMetrics } from './metrics.ts';

describe('the health server', () => {
  let server: HealthServer;
  let metrics: RuntimeMetrics;
  let problem: string | undefined;

  beforeEach(async () => {
    problem = undefined;
    metrics = new RuntimeMetrics(new Registry(), 'jtel_operator_');
    server = await HealthServer.listen({
      port: 0,
      host: '127.0.0.1',
      registry: metrics.registry,
      alive: {},
      ready: { caches: () => problem, other: () => undefined },
    });
  });
  afterEach(async () => server.close());

  async function ask(path: string, method = 'GET'): Promise<{ status: number; body: string }> {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
    return { status: response.status, body: await response.text() };
  }

  it('is ready when every check is, and names the ones that are not', async () => {
    expect(await ask('/readyz')).toEqual({ status: 200, body: 'ok\n' });
    problem = 'JtelStack not read yet';
    expect(await ask('/readyz')).toEqual({ status: 503, body: 'caches: JtelStack not read yet\n' });
    expect(await ask('/healthz')).toEqual({ status: 200, body: 'ok\n' });
  });

  it('gives metrics with what is asked for only now', async () => {
    let depth = 3;
    metrics.watchQueue('stack', (line) => (line === 'Asked' ? depth : 0));
    metrics.reconciled('stack', 'error', 0.1);
    metrics.reconciled('stack', 'success', 0.1);
    metrics.apiCalled('GET', 200, 0.01);
    metrics.watchRestarted('JtelStack', 'Silent');
    metrics.leads('jtel-operator', true);
    expect((await ask('/metrics')).body).toContain(
      'jtel_operator_queue_depth{controller="stack",line="Asked"} 3',
    );
    depth = 4;
    const { body } = await ask('/metrics');
    for (const line of [
      'jtel_operator_queue_depth{controller="stack",line="Asked"} 4',
      'jtel_operator_queue_depth{controller="stack",line="PeriodicSlow"} 0',
      'jtel_operator_reconciles_total{controller="stack",outcome="error"} 1',
      'jtel_operator_reconciles_total{controller="stack",outcome="conflict"} 0',
      'jtel_operator_reconcile_duration_seconds_count{controller="stack"} 2',
      'jtel_operator_api_calls_total{method="GET",code="200"} 1',
      'jtel_operator_watch_restarts_total{kind="JtelStack",reason="Silent"} 1',
      'jtel_operator_leader 1',
    ])
      expect(body).toContain(line);
  });

  it('adds up controllers of one name, and leads while one Lease is held', async () => {
    const stop = metrics.watchQueue('stack', () => 3);
    metrics.watchQueue('stack', () => 4);
    metrics.leads('jtel-operator', true);
    metrics.leads('jtel-operator-shard-1', false);
    const { body } = await ask('/metrics');
    expect(body).toContain('jtel_operator_queue_depth{controller="stack",line="Asked"} 7');
    expect(body).toContain('jtel_operator_lease_held{lease="jtel-operator"} 1');
    expect(body).toContain('jtel_operator_lease_held{lease="jtel-operator-shard-1"} 0');
    stop();
    metrics.leads('jtel-operator', false);
    const later = (await ask('/metrics')).body;
    expect(later).toContain('jtel_operator_queue_depth{controller="stack",line="Asked"} 4');
    expect(later).toContain('jtel_operator_leader 0');
  });

  it('knows nothing else and takes nothing', async () => {
    expect((await ask('/etc/passwd')).status).toBe(404);
    expect((await ask('/healthz', 'POST')).status).toBe(405);
  });

  it('says when its port is taken', async () => {
    await expect(
      HealthServer.listen({
        port: server.port,
        host: '127.0.0.1',
        registry: metrics.registry,
        alive: {},
        ready: {},
      }),
    ).rejects.toThrow('EADDRINUSE');
  });

  it('closes at once although a client keeps its connection', async () => {
    await ask('/healthz');
    const start = performance.now();
    await server.close();
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
