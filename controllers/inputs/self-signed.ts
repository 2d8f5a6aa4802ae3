/** Self-signed certificates, for stacks whose customer has none. */
import 'reflect-metadata'; // x509's own dependency injection needs it
import * as x509 from '@peculiar/x509';

const selfSignedDays = 825;

/** One PEM with key and certificate, as HAProxy reads it. ECDSA P-256; valid for 825 days, the longest that browsers accept. */
export async function selfSignedCertificate(fqdn: string): Promise<string> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: [{ CN: [fqdn] }],
      notBefore: new Date(Date.now() - 15 * 60_000),
      notAfter: new Date(Date.now() + selfSignedDays * 86_400_000),
      keys,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.SubjectAlternativeNameExtension([
          { type: 'dns', value: fqdn },
          { type: 'dns', value: `vscode.${fqdn}` },
        ]),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      ],
    },
    crypto,
  );
  const exported = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey));
  return `${x509.PemConverter.encode(exported, 'PRIVATE KEY')}\n${certificate.toString('pem')}\n`;
}
