import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { AddressRefused } from './address-refused.ts';
import { AddressRules, clusterSearchDomains } from './address-rules.ts';

const rules = new AddressRules({ cluster: ['10.96.0.0/12', 'fd00:10:96::/112'], allowed: ['127.0.0.9/32'] });

describe('refused, however it is written', () => {
  test.each([
    ['127.0.0.1', 'the machine itself'],
    ['127.255.255.254', 'the machine itself'],
    ['0.0.0.0', 'the machine itself'],
    ['::1', 'the machine itself'],
    ['::', 'the machine itself'],
    ['::ffff:127.0.0.1', 'the machine itself'],
    ['::ffff:7f00:1', 'the machine itself'],
    ['0:0:0:0:0:ffff:7f00:0001', 'the machine itself'],
    ['::127.0.0.1', 'the machine itself'],
    ['64:ff9b::7f00:1', 'the machine itself'],
    ['64:ff9b:1::7f00:1', 'the machine itself'],
    ['::ffff:0:127.0.0.1', 'the machine itself'],
    ['::ffff:0:7f00:1', 'the machine itself'],
    ['2002:7f00:1::1', 'the machine itself'],
    ['169.254.169.254', 'link-local'],
    ['::ffff:a9fe:a9fe', 'link-local'],
    ['64:ff9b::169.254.169.254', 'link-local'],
    ['fe80::1%eth0', 'link-local'],
    ['febf::1', 'link-local'],
    ['168.63.129.16', 'cloud'],
    ['100.100.100.200', 'cloud'],
    ['192.0.0.192', 'cloud'],
    ['fd00:ec2::254', 'cloud'],
    ['fd20:ce::254', 'cloud'],
    ['224.0.0.1', 'no address of one machine'],
    ['255.255.255.255', 'no address of one machine'],
    ['ff02::1', 'no address of one machine'],
    ['10.96.0.1', 'the cluster'],
    ['::ffff:10.111.255.255', 'the cluster'],
    ['fd00:10:96::a', 'the cluster'],
  ])('%s', (address, what) => {
    expect(() => rules.check(address)).toThrow(AddressRefused);
    expect(() => rules.check(address)).toThrow(what);
  });
});

test.each([
  '10.112.0.1',
  '10.20.0.10',
  '192.168.1.1',
  '172.16.0.1',
  '8.8.8.8',
  '2a01:111::1',
  'fd00:10:97::1',
  'fec0::1',
  '64:ff9b::808:808',
  '64:ff9b:1::808:808',
  '127.0.0.9',
  '::ffff:127.0.0.9',
  'acme.blob.core.windows.net',
])('not refused: %s', (address) => {
  expect(() => rules.check(address)).not.toThrow();
});

describe('a name is looked up at the moment of the connection', () => {
  const lookup = promisify(rules.lookup);

  test.each([{}, { all: true }, { family: 4 }] as const)(
    'and refused by what it is then (%j)',
    async (options) => {
      await expect(lookup('localhost', options)).rejects.toMatchObject({
        code: 'ADDRESS_REFUSED',
        message: expect.stringMatching(/^the operator does not connect to localhost \((127\.|::1)/),
      });
    },
  );

  test('and accepted in both forms that Node asks for', async () => {
    const open = new AddressRules({ allowed: ['127.0.0.0/8', '::1/128'] });
    const all = await new Promise((resolve) => {
      open.lookup('localhost', { all: true }, (_error, found) => resolve(found));
    });
    expect(all).toContainEqual(expect.objectContaining({ address: expect.stringMatching(/^(127\.|::1)/) }));
    const one = await new Promise((resolve) => {
      open.lookup('localhost', {}, (_error, address, family) => resolve([address, family]));
    });
    expect([
      ['127.0.0.1', 4],
      ['::1', 6],
    ]).toContainEqual(one);
  });

  test('and an error of DNS is passed on', async () => {
    await expect(lookup('no-such-name.invalid', {})).rejects.toMatchObject({ syscall: 'getaddrinfo' });
  });
});

describe('a name to which the cluster’s domains are added', () => {
  const searchDomains = clusterSearchDomains(
    'nameserver 10.96.0.10\nsearch jtel-system.svc.k8s.acme svc.k8s.acme k8s.acme. office.example\noptions ndots:5\n',
  );
  const unknown = (code: string): NodeJS.ErrnoException => Object.assign(new Error(code), { code });
  /** DNS of a pod: these full names exist, and each name is also sought with the domains behind it. */
  function lookupWith(records: Record<string, string>, allowed: readonly string[] = [], broken?: string) {
    const podRules = new AddressRules({
      allowed,
      cluster: [],
      searchDomains,
      resolve: (name, _options, callback) => {
        const tried = name.endsWith('.')
          ? [name]
          : [...searchDomains, 'office.example', ''].map((domain) =>
              `${name}.${domain}`.replace(/\.*$/, '.'),
            );
        const address = tried.map((one) => records[one]).find((one) => one !== undefined);
        if (broken !== undefined && name.endsWith(broken)) callback(unknown('EAI_AGAIN'), []);
        else if (address === undefined) callback(unknown('ENOTFOUND'), []);
        else callback(null, [{ address, family: 4 }]);
      },
    });
    return promisify(podRules.lookup);
  }
  const address = '10.1.2.3';

  test('are those of the cluster, whatever its domain is', () => {
    expect(searchDomains).toEqual(['jtel-system.svc.k8s.acme', 'svc.k8s.acme', 'k8s.acme']);
    expect(clusterSearchDomains('search office.example\n')).toEqual([]);
    expect(clusterSearchDomains('')).toEqual([]);
  });

  test.each([
    ['minio', 'minio.jtel-system.svc.k8s.acme.'],
    ['minio.tenant', 'minio.tenant.svc.k8s.acme.'],
    ['minio.tenant.svc', 'minio.tenant.svc.k8s.acme.'],
    ['MINIO.tenant.svc.K8S.acme', 'MINIO.tenant.svc.K8S.acme.'],
    ['10-0-0-1.tenant.pod', '10-0-0-1.tenant.pod.k8s.acme.'],
  ])('%s is refused', async (name, full) => {
    await expect(lookupWith({ [full]: address })(name, {})).rejects.toThrow('a name of the cluster');
    expect(await lookupWith({ [full]: address }, ['10.1.0.0/16'])(name, {})).toBe(address);
  });

  test.each([
    ['acme.blob.core.windows.net', 'acme.blob.core.windows.net.'],
    ['files', 'files.office.example.'],
  ])('%s is not refused, because the cluster has no such name', async (name, full) => {
    expect(await lookupWith({ [full]: address })(name, {})).toBe(address);
  });

  test('is refused while DNS does not say whether the cluster has it', async () => {
    const lookup = lookupWith({ 'minio.tenant.': address }, [], 'svc.k8s.acme.');
    await expect(lookup('minio.tenant', {})).rejects.toThrow('EAI_AGAIN');
  });
});

test.each(['', '10.0.0.0', '10.0.0.0/33', 'fd00::/129', 'localhost/8', '10.0.0/8', '10.0.0.0/-1'])(
  'no range: %s',
  (cidr) => {
    expect(() => new AddressRules({ allowed: [cidr] })).toThrow(RangeError);
  },
);
