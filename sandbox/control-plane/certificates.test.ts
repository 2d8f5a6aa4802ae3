import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createAuthority, isValidFor, issue } from './certificates.ts';

describe('a certificate of the sandbox', () => {
  it('is one that its authority signed, for the names and addresses asked for', async () => {
    const authority = await createAuthority('sandbox');
    const server = await issue(authority, {
      commonName: 'api',
      dns: ['control-plane.sandbox'],
      ips: ['10.201.7.2'],
    });
    const certificate = new X509Certificate(server.certificate);
    expect(certificate.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(server.key))).toBe(true);
    expect(certificate.checkHost('control-plane.sandbox')).toBe('control-plane.sandbox');
    expect(certificate.checkIP('10.201.7.2')).toBe('10.201.7.2');
    expect(certificate.ca).toBe(false);
  });

  it('carries the groups of a Kubernetes user', async () => {
    const user = await issue(await createAuthority('sandbox'), {
      commonName: 'admin',
      organizations: ['system:masters'],
    });
    expect(new X509Certificate(user.certificate).subject).toBe('O=system:masters\nCN=admin');
  });

  it('tells when it has to be made anew', async () => {
    const { certificate } = await createAuthority('sandbox');
    const now = new Date();
    expect(isValidFor(certificate, 14, now)).toBe(true);
    expect(isValidFor(certificate, 14, new Date(now.getTime() + 360 * 86_400_000))).toBe(false);
  });
});
