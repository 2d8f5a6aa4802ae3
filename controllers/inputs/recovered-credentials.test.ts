import { describe, expect, it } from 'vitest';
import { composeText } from '../../host-driver/compose-files.ts';
import { digestOf } from '../../host-driver/script/deployed-files.ts';
import { certificateKey, type CredentialRequest } from './credential-secret.ts';
import { recoverCredentials } from './recovered-credentials.ts';
import { selfSignedCertificate } from './self-signed.ts';

const project = 'jtel-acme-main';
const [file, other] = ['a'.repeat(64), 'b'.repeat(64)];
const unused = 'c'.repeat(64);
const stack = { project, secretName: 'acme/main-credentials', fqdn: 'acme.jtel.example' };
const target = '/run/secrets/root';
const place = { secret: 'root', isCertificate: false, component: 'acd-db', target };
const request: CredentialRequest = {
  generate: [{ name: 'root', length: 32 }],
  selfSigned: false,
  lacks: 'Secret',
  places: [place],
  rootSecret: 'root',
};
const keyFile = `1;${'0f'.repeat(32)}\n`;
const keys: CredentialRequest = { ...request, generate: [{ name: 'root', length: 'EncryptionKeys' }] };

function compose(services: Readonly<Record<string, readonly string[]>>, of = project): string {
  const mounts = (files: readonly string[]) => ({
    volumes: files.map((one) => ({ type: 'bind', source: `/opt/jtel/${of}/files/${one}`, target })),
  });
  return composeText({
    services: Object.fromEntries(Object.entries(services).map(([name, files]) => [name, mounts(files)])),
    volumes: {},
  });
}

function recover(content: string, asked = request, composeYaml = compose({ 'acd-db': [file] })) {
  const secrets = new Map([[file, content]]);
  const digests = new Map([
    [file, digestOf(content)],
    [unused, digestOf('y')],
  ]);
  return recoverCredentials(stack, asked, ['root'], { composeYaml, secrets, digests });
}

describe('credentials that are read back from a host', () => {
  it('are what its containers have, and keep the names of their files', () => {
    expect(recover('Pa55wordPa55wordPa55word')).toEqual({
      data: { root: 'Pa55wordPa55wordPa55word' },
      kept: [{ sha256: digestOf('Pa55wordPa55wordPa55word'), name: file }],
    });
    const replicas = compose({ 'acd-db-1': [file], 'acd-db-2': [file] });
    expect(recover('Pa55wordPa55wordPa55word', request, replicas).data).toEqual({
      root: 'Pa55wordPa55wordPa55word',
    });
    expect(recover(keyFile, keys).data).toEqual({ root: keyFile });
  });

  it('are a certificate with its key where the operator made one', async () => {
    const pem = await selfSignedCertificate('acme.jtel.example');
    const asked = {
      ...request,
      generate: [],
      selfSigned: true,
      places: [{ ...place, isCertificate: true }],
    } as const;
    expect(recover(pem, asked).data).toEqual({ [certificateKey]: pem });
    for (const foreign of [
      pem.replace('BEGIN CERTIFICATE', 'BEGIN CERT'),
      pem.slice(pem.indexOf('-----BEGIN CERTIFICATE')),
      await selfSignedCertificate('evil.example'),
    ])
      expect(recover(foreign, asked).data).toEqual({});
  });

  it('that no container has are new ones of the release', () => {
    const asked = { ...request, generate: [...request.generate, { name: 'new', length: 32 }] };
    expect(recover('Pa55wordPa55wordPa55word', asked).data).toEqual({ root: 'Pa55wordPa55wordPa55word' });
  });

  const generate = [{ name: 'keys', length: 'EncryptionKeys' }] as const;

  it('are no new keys where containers have keys in another place, and new ones where they have none', () => {
    const asked = { ...request, generate, lacks: 'Entries' } as const;
    expect(recover('Pa55wordPa55wordPa55word', asked).data).toEqual({});
    expect(recover(keyFile, asked).data).toEqual({});
    expect(() => recover(keyFile, { ...asked, places: [] })).toThrow(
      expect.objectContaining({ reason: 'CredentialsLost' }),
    );
  });

  it('are only the keys where the Secret is empty', () => {
    const keyPlace = { ...place, secret: 'keys' };
    const asked = {
      ...request,
      generate: [...generate, { name: 'root', length: 32 }],
      places: [keyPlace],
      lacks: 'Keys',
    } as const;
    expect(recover(keyFile, asked).data).toEqual({ keys: keyFile });
  });

  it.each<[string, CredentialRequest, RegExp, RegExp]>([
    ['an entry', { ...request, lacks: 'Entries' }, /lacks root,.*Put root back.*into that entry/, /empty/],
    ['keys', { ...keys, lacks: 'Entries' }, /lacks root,.*no new keys/, /empty|new one,/],
    ['keys of an empty Secret', { ...keys, lacks: 'Keys' }, /lacks root,.*no new keys/, /make it empty/],
    ['the Secret', request, /is gone,.*make it empty/, /into that entry/],
    ['the Secret with its keys', keys, /is gone,.*no new keys/, /make it empty/],
  ])('that are lost are told with what to do: %s', (_, asked, expected, never) => {
    const told = (): unknown => recover('', asked);
    expect(told).toThrow(expected);
    expect(told).not.toThrow(never);
  });

  const good = compose({ 'acd-db': [file] });
  it.each<[string, () => unknown]>([
    ['an empty password', () => recover('')],
    ['a password with a line end', () => recover('a\nb')],
    ['a password with a control character', () => recover('a\u001b[2J')],
    ['a password without end', () => recover('x'.repeat(257))],
    ['a password that can be guessed', () => recover('x')],
    ['a password that means something to a shell', () => recover('$(reboot)$(reboot)$(reboot)')],
    ['keys that are none', () => recover('Pa55wordPa55wordPa55word', keys)],
    ['no file where one is mounted', () => recover('x', request, compose({ 'acd-db': [other] }))],
    ['two for one', () => recover('x', request, compose({ 'acd-db': [file, other] }))],
    ['none at all', () => recover('x', request, compose({ 'acd-db': [] }))],
    ['that of another component', () => recover('x', request, compose({ 'acd-db-x': [file] }))],
    ['that of another project', () => recover('x', request, compose({ 'acd-db': [file] }, 'jtel-acme-twin'))],
    ['a way out of the folder', () => recover('x', request, good.replace(file, `../${file}`))],
    ['no YAML', () => recover('x', request, 'a: [')],
    ['no compose file', () => recover('x', request, 'just words')],
    ['a host without a release', () => recoverCredentials(stack, request, ['root'], undefined)],
  ])('are not %s', (_, from) => {
    expect(from).toThrow(expect.objectContaining({ reason: 'CredentialsLost' }));
  });
});

describe('a hostile host', () => {
  const mebibyte = 2 ** 20;
  const fill = (text: string): string => text.repeat(mebibyte / text.length);

  // A YAML parser takes minutes for each of them.
  it.each([
    ['keys that a map compares with each other', fill(' k1:\n ka:\n')],
    ['a list that does not end', `[${fill(',')}`],
    ['brackets in brackets', fill('[')],
    ['anchors', fill('&a ')],
    [
      'a million mounts',
      `services:\n  acd-db:\n    volumes:\n${fill(`      - type: "bind"\n        source: "/a"\n        target: "${target}"\n`)}`,
    ],
  ])('does not hold up the operator with %s', (_, composeYaml) => {
    const before = process.cpuUsage();
    expect(() => recover('x', request, composeYaml)).toThrow(/root is missing/);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1e6).toBeLessThan(5);
  });
});
