import { writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loginCertificates, startLoginServer, type LoginServer } from '../../test/support/login-server.ts';
import { KubeConnection } from './connection.ts';
import { ExecLogin } from './exec-login.ts';
import type { Fields } from './kubeconfig.ts';

const apiVersion = 'client.authentication.k8s.io/v1';
const signal = AbortSignal.timeout(60_000);

let server: LoginServer;
let directory: string;
let connection: KubeConnection | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'exec-login-'));
  server = await startLoginServer();
});
afterEach(async () => {
  await connection?.close();
  connection = undefined;
  await server.close();
  await rm(directory, { recursive: true });
});

/** A login program: it notes its input, and prints what the script says. */
function program(script: string): Fields {
  const file = join(directory, 'login.mjs');
  const notes = JSON.stringify(join(directory, 'told'));
  writeFileSync(
    file,
    `import { appendFileSync } from 'node:fs';
     const told = JSON.parse(process.env.KUBERNETES_EXEC_INFO);
     appendFileSync(${notes}, JSON.stringify({ ...told, OF_US: process.env.OF_US, args: process.argv.slice(2) }) + '\\n');
     const print = (status) => console.log(JSON.stringify({ apiVersion: told.apiVersion, kind: 'ExecCredential', status }));
     ${script}`,
  );
  return { apiVersion, command: process.execPath, args: [file], interactiveMode: 'Never' };
}

async function told(): Promise<readonly unknown[]> {
  const lines = (await readFile(join(directory, 'told'), 'utf8')).trim().split('\n');
  return lines.map((line) => JSON.parse(line) as unknown);
}

async function open(exec: Fields, cluster: Fields = {}): Promise<void> {
  const access = { cluster: { server: server.url, ...cluster }, user: { exec } };
  connection = await KubeConnection.to(access, 'test');
}

async function call(): Promise<void> {
  if (connection === undefined) throw new Error('not open');
  const url = new URL(connection.server);
  const session = await connection.login(signal);
  await (await connection.send(session, { method: 'GET', url, headers: {}, signal })).body.dump();
}

const bearers = (): readonly unknown[] => server.requests.map(({ authorization }) => authorization);

it('logs in with what a program says, asked once for all calls', async () => {
  await open(program(`print({ token: 'from-a-program' })`));
  await Promise.all([call(), call()]);
  await call();
  expect(bearers()).toEqual(Array(3).fill('Bearer from-a-program'));
  expect(await told()).toHaveLength(1);
});

it('tells the program what kubectl tells it', async () => {
  const exec = program(`print({ token: 'x' })`);
  const cluster = {
    'certificate-authority-data': 'Q0E=',
    'tls-server-name': 'kubernetes',
    extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'here' } }],
  };
  await open(
    {
      ...exec,
      args: [...(exec['args'] as string[]), 'get-token'],
      env: [{ name: 'OF_US', value: 'yes' }],
      provideClusterInfo: true,
    },
    cluster,
  );
  await call();
  expect(await told()).toEqual([
    {
      kind: 'ExecCredential',
      apiVersion,
      spec: {
        interactive: false,
        cluster: {
          server: server.url,
          'certificate-authority-data': 'Q0E=',
          'tls-server-name': 'kubernetes',
          config: { audience: 'here' },
        },
      },
      OF_US: 'yes',
      args: ['get-token'],
    },
  ]);
});

it('asks again when what the program said has expired, or the server refuses it', async () => {
  await open(
    program(`print({ token: 'old', expirationTimestamp: new Date(Date.now() - 1000).toISOString() })`),
  );
  await call();
  await call();
  expect(await told()).toHaveLength(2);
  await connection?.close();

  await open(program(`print({ token: 'refused' })`));
  server.answer = (_request, response) => {
    response.statusCode = 401;
    response.end('{}');
    return true;
  };
  await call();
  await call();
  expect(await told()).toHaveLength(4);
});

it('shows the certificate that a program gives', async () => {
  const certificates = await loginCertificates();
  await server.close();
  server = await startLoginServer(certificates);
  const { certificate, key } = await certificates.client('from-a-program');
  const status = { clientCertificateData: certificate, clientKeyData: key };
  await open(program(`print(${JSON.stringify(status)})`), {
    'certificate-authority-data': Buffer.from(certificates.authority.certificate).toString('base64'),
  });
  await call();
  await call();
  expect(server.requests.map(({ user }) => user)).toEqual(['from-a-program', 'from-a-program']);
  expect(server.connections).toBe(1);
});

it.each([
  [
    'its exit code and what it said',
    `console.error('not allowed today'); process.exit(3)`,
    /exit code 3.*not allowed today/,
  ],
  [
    'an answer that is no JSON, without repeating it',
    `console.log('secret')`,
    /^(?!.*secret).*did not print an ExecCredential/,
  ],
  ['an answer without a login', `print({})`, /neither a token nor a certificate/],
])('fails with %s, and asks again at the next call', async (_, script, message) => {
  await open(program(script));
  await expect(call()).rejects.toThrow(message);
  await expect(call()).rejects.toThrow(message);
  expect(await told()).toHaveLength(2);
});

it('says what to do about a program that is not there', async () => {
  await open({ apiVersion, command: '/absent/login', installHint: 'install it from the intranet' });
  await expect(call()).rejects.toThrow(/absent\/login cannot be run.*ENOENT; install it from the intranet/);
});

it.each([
  ['IfAvailable', true, true],
  ['IfAvailable', false, false],
  ['Always', true, true],
  ['Never', true, false],
])(
  'for a program that is interactive %s, terminal there: %s, gives it one: %s',
  async (mode, terminal, given) => {
    const login = new ExecLogin({ ...program(`print({ token: 'x' })`), interactiveMode: mode }, {}, terminal);
    await login.applyAuthentication({ name: 'u' }, {});
    expect(await told()).toEqual([expect.objectContaining({ spec: { interactive: given } })]);
  },
);

it('does not run a program that needs a terminal where there is none', async () => {
  const login = new ExecLogin({ ...program(`print({})`), interactiveMode: 'Always' }, {}, false);
  await expect(login.applyAuthentication({ name: 'u' }, {})).rejects.toThrow('needs a terminal');
});
