import { describe, expect, it } from 'vitest';
import type { UsedPort } from '../../host-driver/console.ts';
import { aComponent, aRelease, aStack } from '../../test/support/release-builder.ts';
import { judgePorts, neededPorts } from './ports.ts';

const project = 'jtel-customers-acme';
const web = { protocol: 'tcp', from: 443, to: 443 } as const;
const calls = { protocol: 'udp', from: 30_000, to: 34_999 } as const;
const judge = (used: readonly UsedPort[], runs = false) => judgePorts([web, calls], { used, project, runs });

describe('the ports of a stack', () => {
  it.each([
    ['free', [{ protocol: 'udp', port: 443 }], false, 'Ok'],
    ['taken by a program', [{ protocol: 'tcp', port: 443 }], false, 'Failed'],
    ['taken by itself', [{ protocol: 'tcp', port: 443, container: 'web', project }], true, 'Ok'],
    ['taken by what may be itself', [{ protocol: 'udp', port: 30_001 }], true, 'Ok'],
    [
      'taken by another stack',
      [{ protocol: 'tcp', port: 443, container: 'web', project: 'jtel-b' }],
      true,
      'Failed',
    ],
    ['of calls taken by chance', [{ protocol: 'udp', port: 34_999 }], false, 'Warning'],
  ] as const)('are %s', (_, used, runs, verdict) => expect(judge(used, runs).verdict).toBe(verdict));

  it('are named with who has them, of many a few, and fit for a terminal', () => {
    const used = Array.from({ length: 5000 }, (_, index): UsedPort => ({
      protocol: 'udp',
      port: 30_000 + index,
      container: `\u001b[2J${index}`,
    }));
    const { seen } = judge(used);
    expect(seen).toMatch(/30000\/udp \(container \^\[\[2J0\).* and 4992 more/);
    expect(seen.length).toBeLessThanOrEqual(1200);
  });
});

describe('a stack needs', () => {
  it('what its components publish', () => expect(neededPorts(aRelease(), aStack())).toEqual([web]));
  it('nothing of a component that is disabled', () => {
    const release = aRelease();
    const components = [
      ...release.components,
      aComponent('extra', { optional: true, publish: ['8443:443/tcp'] }),
    ];
    const names = (state: 'Enabled' | 'Disabled') =>
      neededPorts({ ...release, components }, aStack({ components: [{ name: 'extra', state }] })).map(
        ({ from }) => from,
      );
    expect(names('Enabled')).toEqual([443, 8443]);
    expect(names('Disabled')).toEqual([443]);
  });
  it('what the firewall opens, if a component is in the host’s network', () => {
    const release = aRelease({
      ports: [
        { group: 'web', ...web },
        { group: 'sip', ...calls },
      ],
    });
    const components = [...release.components, aComponent('acd-tel', { hostNetwork: true })];
    expect(neededPorts({ ...release, components }, aStack())).toEqual([web, calls]);
  });
});
