/**
 * A process of its own that stands for election, so that tests can pause and kill a leader. It writes a line
 * whenever something happens; while it leads, it asks every few milliseconds whether it may act, and says
 * when it would have.
 */
import {
  ClusterClient,
  KubeConnection,
  LeaderElector,
  SecretRegistry,
  silentLogger,
} from '../../runtime/index.ts';

const [kubeconfig, namespace = '', identity = '', durationSeconds = ''] = process.argv.slice(2);
const say = (event: string, value: string | number = '', time = Date.now()): void =>
  console.log(`${time} ${event} ${value}`.trimEnd());

const connection = await KubeConnection.load({
  userAgent: 'jtel-test',
  files: kubeconfig === undefined ? undefined : [kubeconfig],
});
const cluster = new ClusterClient({ connection, fieldManager: 'jtel-test', secrets: new SecretRegistry() });
const elector = new LeaderElector({
  cluster,
  lease: { namespace, name: 'election' },
  identity,
  mark: () => ({ labels: { election: 'test' }, annotations: { holder: identity } }),
  logger: silentLogger,
  leaseDurationSeconds: Number(durationSeconds),
  renewDeadlineSeconds: Number(durationSeconds) * (2 / 3),
  retryPeriodSeconds: 0.3,
});
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
say('started');
try {
  await elector.run(stop.signal, async ({ signal, leaseTransitions }) => {
    say('leads', leaseTransitions);
    while (!signal.aborted) {
      // It may be paused between any two of these.
      const time = Date.now();
      if (elector.isHeld()) say('acts', '', time);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    say('stops');
  });
  say('released');
} catch (error) {
  say('lost', String(error));
} finally {
  await connection.close();
}
