import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { KnownUser } from '../../runtime/client/review.ts';
import { isSignIn, type Gate, type Viewer } from '../../web/server/viewer.ts';
import { clusterGate, type Reviews } from './cluster-gate.ts';
import type { ProxyHeaders } from './identity.ts';

const { signal } = new AbortController();
const secret = 's'.repeat(32);
const proxy: ProxyHeaders = {
  userHeader: 'x-user',
  groupsHeader: 'x-groups',
  secretHeader: 'x-secret',
  secret,
};

/** A cluster with rules such as `eve stacks acme`; `*` is all namespaces. */
function aCluster(rules: string[], tokens: Readonly<Record<string, KnownUser>> = {}) {
  const asked: string[] = [];
  const reviews: Reviews = {
    userOfToken: async (token) => {
      asked.push(`token ${token}`);
      return tokens[token];
    },
    mayList: async ({ username }, what, namespace = '*') => {
      asked.push(`${username} ${what} ${namespace}`);
      return rules.includes(`${username} ${what} *`) || rules.includes(`${username} ${what} ${namespace}`);
    },
  };
  const clock = { now: 0 };
  const gate = (changes: { proxy?: ProxyHeaders } = {}): Gate =>
    clusterGate({
      reviews,
      namespaces: () => ['acme', 'other', 'acme'].values(),
      now: () => clock.now,
      ...changes,
    });
  return { asked, clock, gate };
}

async function admitted(gate: Gate, headers: Record<string, string>): Promise<Viewer | undefined> {
  const answer = await gate.admit({ headers } as unknown as IncomingMessage, signal);
  return isSignIn(answer) ? undefined : answer;
}

const eve = { username: 'eve', groups: ['system:authenticated'] };

describe('the door of the operator’s page', () => {
  it('shows only namespaces in which the user may list, and tells of no others', async () => {
    const { gate } = aCluster(['eve stacks acme', 'eve stores acme', 'eve backups *'], { t: eve });
    const viewer = await admitted(gate(), { authorization: 'Bearer t' });
    expect(viewer?.user).toBe('eve');
    expect(viewer?.sees('acme', 'stacks')).toBe(true);
    expect(viewer?.sees('other', 'stacks')).toBe(false);
    expect(viewer?.sees('acme', 'stores')).toBe(true);
    expect(viewer?.sees('acme', 'restores')).toBe(false);
    expect(viewer?.sees('other', 'backups')).toBe(true);
    expect(viewer?.limits.map(({ what }) => what)).toEqual(['stacks', 'stores', 'restores']);
    expect(JSON.stringify(viewer?.limits)).not.toContain('other');
  });

  it('asks again after 30 s, not before, and then shows what the rules say', async () => {
    const rules = ['eve stacks acme'];
    const { asked, clock, gate } = aCluster(rules, { t: eve });
    const one = gate();
    const before = await admitted(one, { authorization: 'Bearer t' });
    const { length } = asked;
    rules.pop();
    clock.now = 29_999;
    expect((await admitted(one, { authorization: 'Bearer t' }))?.rights).toBe(before?.rights);
    expect(asked).toHaveLength(length);
    clock.now = 30_001;
    const after = await admitted(one, { authorization: 'Bearer t' });
    expect(after?.sees('acme', 'stacks')).toBe(false);
    expect(after?.rights).not.toBe(before?.rights);
  });

  it('forgets a token that has ended', async () => {
    const tokens: Record<string, KnownUser> = { t: eve };
    const { clock, gate } = aCluster([], tokens);
    const one = gate();
    expect(await admitted(one, { cookie: 'jtel-web=t' })).toBeDefined();
    delete tokens['t'];
    clock.now = 31_000;
    expect(await admitted(one, { cookie: 'jtel-web=t' })).toBeUndefined();
  });

  it.each([
    ['nothing', {}],
    ['a token that the cluster does not know', { authorization: 'Bearer wrong' }],
    ['another scheme', { authorization: 'Basic t' }],
    ['a user without groups', { authorization: 'Bearer lonely' }],
    ['headers of a proxy that there is not', { 'x-user': 'eve', 'x-groups': 'ops', 'x-secret': secret }],
  ])('stays shut for %s', async (_, headers) => {
    const { gate } = aCluster(['eve stacks *'], { t: eve, lonely: { username: 'eve', groups: [] } });
    expect(await admitted(gate(), headers as Record<string, string>)).toBeUndefined();
  });

  it('takes a token for the cookie only if the cluster knows it', async () => {
    const { gate } = aCluster([], { t: eve });
    expect(await gate().signIn('t', signal)).toEqual({ cookie: 't' });
    expect(await gate().signIn('wrong', signal)).toMatchObject({ how: 'Token' });
    expect(await gate({ proxy }).signIn('t', signal)).toMatchObject({ how: 'Proxy' });
  });

  it('believes a proxy that knows the secret', async () => {
    const { asked, gate } = aCluster(['eve stacks acme']);
    const headers = { 'x-user': 'eve', 'x-groups': 'ops, admins', 'x-secret': secret };
    const viewer = await admitted(gate({ proxy }), headers);
    expect([viewer?.user, viewer?.sees('acme', 'stacks')]).toEqual(['eve', true]);
    expect(asked).toContain('eve stacks acme');
  });

  it.each([
    ['no secret', { 'x-user': 'eve', 'x-groups': 'ops' }],
    ['another secret', { 'x-user': 'eve', 'x-groups': 'ops', 'x-secret': `${secret}x` }],
    ['no user', { 'x-groups': 'ops', 'x-secret': secret }],
    ['an empty user', { 'x-user': ' ', 'x-groups': 'ops', 'x-secret': secret }],
    ['no groups', { 'x-user': 'eve', 'x-secret': secret }],
    ['empty groups', { 'x-user': 'eve', 'x-groups': ' , ', 'x-secret': secret }],
    ['two users', { 'x-user': 'admin, eve', 'x-groups': 'ops', 'x-secret': secret }],
    [
      'a group of the cluster itself',
      { 'x-user': 'eve', 'x-groups': 'ops,system:masters', 'x-secret': secret },
    ],
    ['a user of the cluster itself', { 'x-user': 'system:admin', 'x-groups': 'ops', 'x-secret': secret }],
    ['a token instead', { authorization: 'Bearer t', cookie: 'jtel-web=t' }],
  ])('does not believe a proxy with %s', async (_, headers) => {
    const { asked, gate } = aCluster(['eve stacks *'], { t: eve });
    expect(await admitted(gate({ proxy }), headers as Record<string, string>)).toBeUndefined();
    expect(asked).toEqual([]);
  });

  it('keeps no failure of the API server', async () => {
    let fails = true;
    const gate = clusterGate({
      reviews: {
        userOfToken: () => (fails ? Promise.reject(new Error('down')) : Promise.resolve(eve)),
        mayList: async () => true,
      },
      namespaces: () => [],
      now: () => 0,
    });
    await expect(admitted(gate, { authorization: 'Bearer t' })).rejects.toThrow('down');
    fails = false;
    expect(await admitted(gate, { authorization: 'Bearer t' })).toBeDefined();
  });
});
