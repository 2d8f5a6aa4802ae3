/**
 * A change of the configuration recreates exactly the containers that it concerns, as their ids prove. One
 * installed stack, one change after the other.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { selfSignedCertificate } from '../../controllers/inputs/self-signed.ts';
import { waitFor } from '../support/wait.ts';
import { Stage } from './stage.ts';

const namespace = 'changes';
const fqdn = `${namespace}.jtel.example`;
let stage: Stage;

beforeAll(async () => {
  stage = await Stage.open({ name: namespace });
  await stage.startOperator(['--resync-seconds', '5']);
  await stage.apply();
  await stage.untilReady(600);
});

afterAll(() => stage.close());

/** Services whose container was replaced, removed or added, once the stack is Ready with the change. */
async function touchedBy(change: () => Promise<void>): Promise<readonly string[]> {
  const before = await stage.containers();
  await change();
  await stage.untilReady(180);
  const after = await stage.containers();
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((service) => before.get(service) !== after.get(service))
    .toSorted();
}

async function applyCertificate(): Promise<void> {
  const pem = await selfSignedCertificate(fqdn);
  const [key = '', certificate = ''] = pem.split(/(?=-----BEGIN CERTIFICATE)/);
  const stringData = { 'tls.key': key, 'tls.crt': certificate };
  await stage.kubectl.apply([
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'own-certificate', namespace },
      type: 'kubernetes.io/tls',
      stringData,
    },
  ]);
}

describe('a change of', () => {
  const changes: readonly (readonly [string, Record<string, unknown>, readonly string[]])[] = [
    [
      'an environment variable recreates the containers that have it',
      { components: [{ name: 'acd-tel1', env: [{ name: 'JTEL_NOTE', value: 'a$b "c"' }] }] },
      ['acd-tel1'],
    ],
    [
      'resources recreates the containers of that component',
      { components: [{ name: 'acd-web', resources: { memory: '200Mi' } }] },
      ['acd-tel1', 'acd-web-1', 'acd-web-2'],
    ],
    [
      'the number of replicas starts one more, and the load balancer that has to know it',
      { components: [{ name: 'acd-web', replicas: 3 }] },
      ['acd-haproxy', 'acd-web-1', 'acd-web-2', 'acd-web-3'],
    ],
    [
      'a component to Disabled removes its container',
      { components: [{ name: 'acd-dbs', state: 'Disabled' }] },
      ['acd-dbs', 'acd-haproxy', 'acd-web-3'],
    ],
    ['everything back brings back what was gone', { components: null }, ['acd-dbs']],
    [
      'the firewall recreates nothing',
      {
        network: {
          allow: { admin: ['0.0.0.0/0'], web: ['0.0.0.0/0'], sip: [{ name: 'trunk', cidr: '192.0.2.0/24' }] },
        },
      },
      [],
    ],
    [
      'DNS recreates nothing',
      { host: { dns: { hosts: [{ ip: '192.0.2.7', names: ['pbx.example'] }] } } },
      [],
    ],
    ['a policy recreates nothing', { drift: 'Warn', deletionPolicy: 'Stop', revisionHistoryLimit: 3 }, []],
  ];
  it.each(changes)('%s', async (_, spec, expected) => {
    expect(await touchedBy(() => stage.patchSpec(spec))).toEqual(expected);
  });

  it('the firewall is really there, and the name is really known', async () => {
    expect(await stage.onHost(['nft', 'list', 'table', 'inet', 'jtel'])).toContain('192.0.2.0/24');
    expect(await stage.onHost(['cat', '/etc/hosts'])).toContain('pbx.example');
  });

  it('the certificate recreates the load balancer alone', async () => {
    await applyCertificate();
    expect(
      await touchedBy(() => stage.patchSpec({ network: { tlsSecretRef: { name: 'own-certificate' } } })),
    ).toEqual(['acd-haproxy']);
  });

  it('the content of its Secret too: a renewal', async () => {
    const before = await stage.containers();
    await applyCertificate();
    await waitFor(
      'another load balancer',
      async () => {
        const id = (await stage.containers()).get('acd-haproxy');
        return id !== undefined && id !== before.get('acd-haproxy');
      },
      { timeoutSeconds: 60 },
    );
    await stage.untilReady(60);
    expect(
      [...(await stage.containers())]
        .filter(([service, id]) => before.get(service) !== id)
        .map(([service]) => service),
    ).toEqual(['acd-haproxy']);
  });
});

it('every accepted spec is in the change log, and no more of them than asked for', async () => {
  const { status } = await stage.stack();
  expect(status?.revision).toBeGreaterThan(8);
  const names = (await stage.kubectl.run(['get', 'controllerrevisions', '-n', namespace, '-o', 'name']))
    .trim()
    .split('\n');
  // The limit counts old ones. The current one and the way back come on top.
  expect(names.length).toBeLessThanOrEqual(3 + 2);
});
