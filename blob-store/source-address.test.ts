import { expect, it } from 'vitest';
import { sourceAddress } from './source-address.ts';

it('the address from which a service is asked is that of the way to it', async () => {
  expect(await sourceAddress('http://127.0.0.1:9/account')).toBe('127.0.0.1');
  expect(await sourceAddress('https://localhost/account')).toMatch(/^(127\.0\.0\.1|::1)$/);
});

it('there is none for a name that does not exist', async () => {
  expect(await sourceAddress('https://nowhere.invalid/account')).toBeUndefined();
});
