/**
 * The question to Azure's management plane, by Azure's own libraries, against a double that answers as
 * Microsoft documents it.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { managementAccess } from '../../../blob-store/azure/management-access.ts';
import { readRetention } from '../../../blob-store/azure/management.ts';
import type { Retention } from '../../../blob-store/retention.ts';
import { startManagementDouble, type ManagementDouble } from '../../support/management-double.ts';

let double: ManagementDouble;
beforeAll(async () => {
  double = await startManagementDouble();
  double.policy('acme', 'locked', { kind: 'Worm', state: 'Locked', days: 210 });
  double.policy('acme', 'unlocked', { kind: 'Worm', state: 'Unlocked', days: 7 });
  double.policy('acme', 'open', { kind: 'None' });
});
afterAll(async () => await double?.[Symbol.asyncDispose]());
beforeEach(() => Object.assign(double, { isAllowed: true, isSilent: false }));

async function retention(
  container: string,
  secret: Record<string, string> = {},
  signal = new AbortController().signal,
): Promise<Retention> {
  return await readRetention(
    managementAccess(double.resourceID('acme'), 'https://acme.blob.core.windows.net', {
      ...double.secret,
      ...secret,
    }),
    container,
    signal,
  );
}

describe('the policy of a container', () => {
  it.each([
    ['locked', { kind: 'TimeBased', days: 210, isLocked: true }],
    ['unlocked', { kind: 'TimeBased', days: 7, isLocked: false }],
    ['open', { kind: 'None' }],
  ])('that is %s', async (container, expected) => {
    expect(await retention(container)).toEqual(expected);
  });
});

describe('what keeps it from being read is told, and is no error', () => {
  it.each([
    [
      'a wrong client secret',
      'locked',
      { clientSecret: 'another, which nobody must see' },
      /AADSTS7000215: Invalid client secret/,
    ],
    ['a container that is not there', 'missing', {}, /404 ContainerNotFound/],
  ])('%s', async (_, container, secret, expected) => {
    const found = await retention(container, secret);
    expect(found).toMatchObject({ kind: 'NotRead', detail: expect.stringMatching(expected) });
    expect(JSON.stringify(found)).not.toContain('another, which');
  });

  it('a client without a role, with the words of Azure and the account', async () => {
    double.isAllowed = false;
    expect(await retention('locked')).toMatchObject({
      kind: 'NotRead',
      detail: expect.stringMatching(/^storage account acme .*403 AuthorizationFailed .*containers\/read/),
    });
  });

  it('but who asks can stop asking', async () => {
    double.isSilent = true;
    const abort = new AbortController();
    const asking = retention('locked', {}, abort.signal);
    setTimeout(() => abort.abort(new Error('enough')), 50);
    await expect(asking).rejects.toThrow('enough');
  });
});
