import { describe, expect, it } from 'vitest';
import type { KnownUser } from '../../runtime/client/review.ts';
import { GateBusy } from '../../web/server/viewer.ts';
import { KnownTokens } from './known-tokens.ts';

const eve: KnownUser = { username: 'eve', groups: ['system:authenticated'] };

function aServer() {
  const users: Record<string, KnownUser> = { eve };
  const asked: string[] = [];
  const clock = { now: 0 };
  const tokens = new KnownTokens(
    async (token) => {
      asked.push(token);
      return users[token];
    },
    () => clock.now,
  );
  return { users, asked, clock, tokens };
}

describe('tokens', () => {
  it('that are invented do not make it forget who is known', async () => {
    const { asked, clock, tokens } = aServer();
    await tokens.userOf('eve');
    for (let index = 0; index < 2_000; index += 1) await tokens.userOf(`invented ${index}`).catch(() => {});
    clock.now = 29_999;
    expect(await tokens.userOf('eve')).toBe(eve);
    expect(asked.filter((token) => token === 'eve')).toHaveLength(1);
  });

  it('that are new are asked about at most 20 times in a second, those that are known always', async () => {
    const { asked, clock, tokens } = aServer();
    await tokens.userOf('eve');
    clock.now = 31_000;
    const answers = await Promise.allSettled(
      Array.from({ length: 100 }, (_, index) => tokens.userOf(`invented ${index}`)),
    );
    const refused = answers.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(80);
    for (const answer of refused) expect(answer).toMatchObject({ reason: expect.any(GateBusy) as GateBusy });
    expect(await tokens.userOf('eve')).toBe(eve);
    await expect(tokens.userOf('new')).rejects.toThrow('Too many people sign in');
    expect(asked).toHaveLength(22);
    clock.now = 32_000;
    expect(await tokens.userOf('new')).toBeUndefined();
  });

  it('that are unknown are asked about again after 30 s, and not before', async () => {
    const { users, asked, clock, tokens } = aServer();
    for (const now of [0, 29_999]) {
      clock.now = now;
      expect(await tokens.userOf('bob')).toBeUndefined();
    }
    expect(asked).toEqual(['bob']);
    users['bob'] = { username: 'bob', groups: [] };
    clock.now = 30_000;
    expect(await tokens.userOf('bob')).toMatchObject({ username: 'bob' });
  });
});
