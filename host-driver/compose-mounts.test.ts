import { describe, expect, it } from 'vitest';
import { composeText } from './compose-files.ts';
import { composeMounts } from './compose-mounts.ts';

const bind = (source: string, target: string) => ({
  type: 'bind',
  source,
  target,
  read_only: true,
  bind: { create_host_path: false },
});

describe('mounts of a compose file', () => {
  it('are those that the operator wrote, of each service', () => {
    const text = composeText({
      name: 'p',
      services: {
        'acd-db-1': {
          environment: ['A=x\n        target: "/b"'],
          volumes: [
            { type: 'volume', source: 'data', target: '/var/lib/mysql' },
            { type: 'tmpfs', target: '/tmp', tmpfs: { size: 1 } },
            bind('/opt/jtel/p/files/a', '/run/secrets/a'),
            bind('/opt/jtel/p/files/b', '/etc/b.conf'),
          ],
          labels: { 'jtel.de/stack': 'a/b' },
        },
        none: { image: 'x' },
        yes: { volumes: [bind('/opt/jtel/p/files/c', '/c')] },
      },
      volumes: { data: {} },
    });
    expect(composeMounts(text)).toEqual([
      { service: 'acd-db-1', source: '/opt/jtel/p/files/a', target: '/run/secrets/a' },
      { service: 'acd-db-1', source: '/opt/jtel/p/files/b', target: '/etc/b.conf' },
      { service: 'yes', source: '/opt/jtel/p/files/c', target: '/c' },
    ]);
  });

  it.each([
    [
      'outside of services',
      'x:\n  a:\n    volumes:\n      - type: "bind"\n        source: "/a"\n        target: "/b"',
    ],
    [
      'outside of volumes',
      'services:\n  a:\n    x:\n      - type: "bind"\n        source: "/a"\n        target: "/b"',
    ],
    [
      'of no service',
      'services:\n    volumes:\n      - type: "bind"\n        source: "/a"\n        target: "/b"',
    ],
    [
      'of another type',
      'services:\n  a:\n    volumes:\n      - type: "tmpfs"\n        source: "/a"\n        target: "/b"',
    ],
    [
      'in other quotes',
      "services:\n  a:\n    volumes:\n      - type: \"bind\"\n        source: '/a'\n        target: '/b'",
    ],
  ])('are not %s', (_, text) => {
    expect(composeMounts(text).filter(({ source }) => source === '/a')).toEqual([]);
  });
});
