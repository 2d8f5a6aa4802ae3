import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { aViewer } from '../../web/server/testing.ts';
import { linkGate } from './link-gate.ts';

const { signal } = new AbortController();
const withCookie = (cookie: string): IncomingMessage =>
  ({ headers: { cookie } }) as unknown as IncomingMessage;

test('whoever has the link is let in, and nobody else', async () => {
  const viewer = aViewer();
  const gate = linkGate(viewer, () => 'page');
  const answer = await gate.signIn(gate.token, signal);
  expect(answer).toEqual({ cookie: gate.token });
  expect(await gate.admit(withCookie(`page=${gate.token}`), signal)).toBe(viewer);
  for (const wrong of ['', 'guessed', gate.token.slice(1), `${gate.token}x`]) {
    expect(await gate.signIn(wrong, signal)).toMatchObject({ how: 'Link' });
    expect(await gate.admit(withCookie(`page=${wrong}`), signal)).toMatchObject({ how: 'Link' });
  }
  expect(await gate.admit(withCookie(`other=${gate.token}`), signal)).toMatchObject({ how: 'Link' });
});

test('each call has a token of its own, too long to guess', () => {
  const tokens = Array.from({ length: 3 }, () => linkGate(aViewer(), () => 'page').token);
  expect(new Set(tokens).size).toBe(3);
  // 32 bytes in base64url
  expect(tokens[0]).toMatch(/^[\w-]{43}$/);
});
