import { expect, it } from 'vitest';
import 'reflect-metadata'; // x509's own dependency injection needs it
import * as x509 from '@peculiar/x509';
import { aRelease } from '../../test/support/release-builder.ts';
import { certificateLife } from './certificate-life.ts';
import { selfSignedCertificate } from './self-signed.ts';

const dayMilliseconds = 86_400_000;

async function certificateUntil(notAfter: Date): Promise<string> {
  const signingAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify']);
  const name = 'CN=acme';
  const notBefore = new Date(notAfter.getTime() - 90 * dayMilliseconds);
  const one = { name, notBefore, notAfter, keys, signingAlgorithm };
  return (await x509.X509CertificateGenerator.createSelfSigned(one, crypto)).toString('pem');
}

const release = aRelease({ secrets: [{ name: 'web.pem', kind: 'TLS' }] });

it('is that of the certificate in the chain that ends first', async () => {
  const [early, late] = [new Date('2026-04-01T00:00:00Z'), new Date('2027-04-01T00:00:00Z')];
  const chain = `KEY\n${await certificateUntil(late)}\r\n${await certificateUntil(early)}\n`;
  expect(certificateLife(release, chain, undefined)).toEqual({ notAfter: early, isSelfSigned: false });
});

it('is known to be the operator’s care when it made the certificate', async () => {
  const pem = await selfSignedCertificate('acme.jtel.example');
  const life = certificateLife(release, undefined, pem);
  expect(life?.isSelfSigned).toBe(true);
  expect((life?.notAfter.getTime() ?? 0) - Date.now()).toBeGreaterThan(800 * dayMilliseconds);
});

it('is unknown for what cannot be read, and for a release without a certificate', async () => {
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  expect(certificateLife(release, broken, undefined)).toBeUndefined();
  const pem = await certificateUntil(new Date('2027-04-01T00:00:00Z'));
  expect(certificateLife(aRelease({ secrets: [] }), pem, undefined)).toBeUndefined();
});
