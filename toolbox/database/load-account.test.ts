import { expect, test } from 'vitest';
import type { DatabaseClient } from './client.ts';
import { removeLeftLoadAccount, withLoadAccount } from './load-account.ts';

/** A server that knows what these statements are about. `isGone`: it answers no more. */
class FakeServer {
  readonly accounts = new Set<string>();
  trust: 0 | 1 = 0;
  trustOrigin: 'COMPILE-TIME' | 'CONFIG' | 'SQL' = 'COMPILE-TIME';
  isGone = false;

  readonly query = async (statements: string): Promise<string[][]> => {
    if (this.isGone) throw new Error('server has gone away');
    const answer: string[][] = [];
    for (const statement of statements.split(/;\s*/)) {
      const [, account = ''] = /'(jtel_operator_load)'/.exec(statement) ?? [];
      const [, value] = /^SET GLOBAL log_bin_trust_function_creators = ([01])$/.exec(statement) ?? [];
      if (statement.startsWith('DROP USER')) this.accounts.delete(account);
      else if (statement.startsWith('CREATE USER')) this.accounts.add(account);
      else if (value !== undefined) [this.trust, this.trustOrigin] = [value === '1' ? 1 : 0, 'SQL'];
      else if (statement === 'SELECT @@GLOBAL.log_bin_trust_function_creators')
        answer.push([String(this.trust)]);
      else if (statement.includes('FROM mysql.user'))
        answer.push(...(this.accounts.has(account) ? [['1']] : []));
      else if (statement.includes('SYSTEM_VARIABLES'))
        answer.push(...(this.trustOrigin === 'SQL' ? [['1']] : []));
    }
    return answer;
  };

  readonly as: DatabaseClient['as'] = async (_account, work) => await work({} as DatabaseClient);
}

const left = ({ accounts, trust }: FakeServer): unknown => ({ accounts: accounts.size, trust });

test('a load leaves neither account nor setting', async () => {
  const server = new FakeServer();
  const during = await withLoadAccount(server, ['jtel'], async () => await Promise.resolve(left(server)));
  expect(during).toEqual({ accounts: 1, trust: 1 });
  expect(left(server)).toEqual({ accounts: 0, trust: 0 });
});

test('a load that fails leaves nothing either, and says why it failed', async () => {
  const server = new FakeServer();
  await expect(withLoadAccount(server, ['jtel'], () => Promise.reject(new Error('line 7')))).rejects.toThrow(
    'line 7',
  );
  expect(left(server)).toEqual({ accounts: 0, trust: 0 });
});

test('a load whose server goes away says why it failed, not that nothing could be removed', async () => {
  const server = new FakeServer();
  const work = (): Promise<never> => {
    server.isGone = true;
    return Promise.reject(new Error('disk full'));
  };
  await expect(withLoadAccount(server, ['jtel'], work)).rejects.toThrow('disk full');
});

test('a load that ends well says when it could not clean up', async () => {
  const server = new FakeServer();
  const work = async (): Promise<void> => {
    server.isGone = true;
    await Promise.resolve();
  };
  await expect(withLoadAccount(server, ['jtel'], work)).rejects.toThrow('gone away');
});

test('a load after a killed one leaves neither account nor setting', async () => {
  const server = new FakeServer();
  await server.query("CREATE USER 'jtel_operator_load'@'%'; SET GLOBAL log_bin_trust_function_creators = 1");
  const during = await withLoadAccount(server, ['jtel'], async () => await Promise.resolve(left(server)));
  expect(during).toEqual({ accounts: 1, trust: 1 });
  expect(left(server)).toEqual({ accounts: 0, trust: 0 });
});

test('what a killed load left is removed', async () => {
  const server = new FakeServer();
  await server.query("CREATE USER 'jtel_operator_load'@'%'; SET GLOBAL log_bin_trust_function_creators = 1");
  await removeLeftLoadAccount(server);
  expect(left(server)).toEqual({ accounts: 0, trust: 0 });
});

test.each([
  ['configured', 'CONFIG', ['jtel_operator_load']],
  ['set by somebody else', 'SQL', []],
] as const)('a setting that was %s stays', async (_what, origin, accounts) => {
  const server = new FakeServer();
  [server.trust, server.trustOrigin] = [1, origin];
  for (const account of accounts) server.accounts.add(account);
  await removeLeftLoadAccount(server);
  expect(left(server)).toEqual({ accounts: 0, trust: 1 });
});
