/** The stand-in of a file server: that its share `worm` keeps what it has, as others rely on. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Samba } from '../../support/samba.ts';

let samba: Samba;

beforeAll(async () => {
  samba = await Samba.start('samba-test', { graceSeconds: 1 });
  await samba.docker.exec(samba.container, ['sh', '-c', 'echo first > /tmp/a; echo other > /tmp/b']);
});
afterAll(async () => await samba[Symbol.asyncDispose]());

test('a plain share takes everything back', async () => {
  expect(await samba.client('plain', 'put a; put b a; rename a c; del c; ls')).not.toMatch(/NT_STATUS| c /);
});

test('a WORM share refuses to rename and to remove what is older than its grace period', async () => {
  await samba.client('worm', 'put a');
  await samba.olderThan('/srv/worm/a', 2);
  expect(await samba.client('worm', 'rename a c')).toContain('NT_STATUS_ACCESS_DENIED');
  expect(await samba.client('worm', 'del a')).toContain('NT_STATUS_ACCESS_DENIED');
  expect(await samba.client('worm', 'put b d; ls')).toMatch(/ a .* d /s);
});
