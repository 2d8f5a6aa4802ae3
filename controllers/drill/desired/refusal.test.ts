import { describe, expect, it } from 'vitest';
import type { StackHost } from '../../../crds/index.ts';
import { aStack, facts } from '../../stack/testing.ts';
import { aDrill, aDrillHost } from '../testing.ts';
import { refusalOf } from './refusal.ts';

const host = aDrillHost(1);
const { host: place } = host;

function stackOn(fields: Partial<StackHost>, machineID?: string) {
  const status = machineID === undefined ? undefined : { host: { machineID } };
  return aStack({ host: { ...aStack().spec.host, ...fields } }, {}, status);
}

describe('a host of a drill is refused', () => {
  it.each([
    ['if a stack is behind the same door', { address: place.address.toUpperCase() }],
    ['if a stack has its key under another address', { hostKeyFingerprints: place.hostKeyFingerprints }],
  ])('%s', (_, fields) => {
    expect(refusalOf(host, [aStack(), stackOn(fields)], [])).toMatch(
      /Host drill-1 \(203.0.113.1\) is the host of JtelStack acme\/main: a drill needs a host that no customer uses/,
    );
  });

  it('if it turns out to be the machine of a stack', () => {
    const [key = ''] = stackOn({}).spec.host.hostKeyFingerprints;
    expect(refusalOf(host, [stackOn({})], [], facts({ hostKey: key }))).toContain('JtelStack acme/main');
    expect(refusalOf(host, [stackOn({}, 'm')], [], facts({ machineID: 'm' }))).toContain(
      'JtelStack acme/main',
    );
  });

  it('if a stack still has its data there, is on its way there, or may still run there', () => {
    const there = { host: { ...aStack().spec.host, address: place.address }, machineID: 'm' };
    const former = { ...there, state: 'Pending' } as const;
    const moving = [{ dataHost: there }, { newHost: there }, { formerHosts: [former] }];
    for (const status of moving)
      expect(refusalOf(host, [aStack({}, {}, status)], [])).toContain('is the host of JtelStack acme/main');
    const formerHosts = [{ ...former, state: 'Fenced' } as const];
    expect(refusalOf(host, [aStack({}, {}, { formerHosts })], [])).toBeUndefined();
  });

  it('if another drill came first', () => {
    const other = aDrill({}, undefined, { name: 'other' });
    expect(refusalOf(host, [], [other])).toContain('is a host of JtelDrill other, too');
  });

  it('but not for another port, another jump host, or a machine-id that comes from a template', () => {
    const others = [
      stackOn({ address: place.address, port: 2222 }),
      stackOn({ address: place.address, jumpHost: { ...place, address: '198.51.100.1' } }),
      stackOn({}, 'm'),
    ];
    expect(refusalOf(host, others, [], facts({ machineID: 'm', hostKey: 'SHA256:own' }))).toBeUndefined();
  });
});
