import 'reflect-metadata'; // x509's own dependency injection needs it
import { createPrivateKey } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { beforeAll, describe, expect, it } from 'vitest';
import { selfSignedCertificate } from '../../controllers/inputs/self-signed.ts';
import { aStack } from '../../controllers/stack/testing.ts';
import { judgeCertificate, judgeNames } from './names.ts';

const day = 86_400_000;

describe('names', () => {
  const host = { name: '192.0.2.10', addresses: ['192.0.2.10'] };
  const acme = { name: 'acme.example', addresses: ['192.0.2.10', '2001:db8::1'] };
  it.each([
    ['lead to the host', [acme], host, 'Ok'],
    ['behind a jump host', [acme], undefined, 'Ok'],
    ['lead elsewhere', [{ ...acme, addresses: ['192.0.2.99'] }], host, 'Warning'],
    ['that nobody knows', [acme, { name: 'b.example', error: 'ENOTFOUND' }], host, 'Warning'],
    ['that nobody answers about', [{ name: 'b.example', error: 'EAI_AGAIN' }], host, 'Skipped'],
    ['of a host whose own is not known', [acme], { name: 'h.example', error: 'ENOTFOUND' }, 'Warning'],
  ] as const)('%s', (_, found, place, verdict) => expect(judgeNames(found, place).verdict).toBe(verdict));
});

describe('a certificate', () => {
  let pem: string;
  beforeAll(async () => void (pem = await selfSignedCertificate('acme.jtel.example')));
  const judge = (days: number, network: { fqdn: string; aliases?: string[] }, text = pem) =>
    judgeCertificate(text, aStack({ network }), new Date(Date.now() + days * day));

  it('for its names, and for long, is well', () => {
    expect(createPrivateKey(pem).type).toBe('private');
    expect(judge(0, { fqdn: 'acme.jtel.example', aliases: ['vscode.acme.jtel.example'] }).verdict).toBe('Ok');
  });
  it.each([
    ['for another name', 0, { fqdn: 'b.example' }, 'Failed', 'not for b.example'],
    [
      'without an alias',
      0,
      { fqdn: 'acme.jtel.example', aliases: ['b.example'] },
      'Warning',
      'not for b.example',
    ],
    ['that ends soon', 810, { fqdn: 'acme.jtel.example' }, 'Warning', 'days)'],
    ['that ended', 900, { fqdn: 'acme.jtel.example' }, 'Failed', 'valid until'],
    ['that begins later', -1, { fqdn: 'acme.jtel.example' }, 'Failed', 'valid from'],
  ] as const)('%s', (_, days, network, verdict, seen) => {
    const judged = judge(days, { ...network } as { fqdn: string });
    expect(judged.verdict).toBe(verdict);
    expect(judged.seen).toContain(seen);
  });
  it('that comes without its issuer is a warning', async () => {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
    const pair = () => crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const [root, leaf] = await Promise.all([pair(), pair()]);
    const issued = await x509.X509CertificateGenerator.create(
      {
        subject: 'CN=acme.jtel.example',
        issuer: 'CN=Root',
        notAfter: new Date(Date.now() + 100 * day),
        publicKey: leaf.publicKey,
        signingKey: root.privateKey,
        signingAlgorithm: algorithm,
        extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'acme.jtel.example' }])],
      },
      crypto,
    );
    const alone = judge(0, { fqdn: 'acme.jtel.example' }, issued.toString('pem'));
    expect(alone.verdict).toBe('Warning');
    expect(alone.seen).toContain('it comes alone');
  });
  it.each([
    '',
    'not PEM \u001b[2J',
    `-----BEGIN CERTIFICATE-----\n${'A'.repeat(900_000)}\n-----END CERTIFICATE-----`,
  ])('that cannot be read is refused (%.30j)', (text) =>
    expect(judge(0, { fqdn: 'a.example' }, text).verdict).toBe('Failed'),
  );
});
