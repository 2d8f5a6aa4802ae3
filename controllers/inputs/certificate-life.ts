/** When the certificate of a stack's web page ends: somebody has to renew it before. */

import { X509Certificate } from 'node:crypto';
import type { Release } from '../../release/generated/release.ts';
import { secretsNeeded } from '../../release/host-needs.ts';

export interface CertificateLife {
  /** End of the one that ends first, of the certificate and its chain: browsers refuse the page from then on. */
  readonly notAfter: Date;
  /** The operator made it, and renews it. */
  readonly isSelfSigned: boolean;
}

/**
 * @param own PEM of the customer's certificate and its chain; it is used instead of the self-signed one
 * @returns undefined for a release without a certificate, or if nothing can be read
 */
export function certificateLife(
  release: Release,
  own: string | undefined,
  selfSigned: string | undefined,
): CertificateLife | undefined {
  if (!secretsNeeded(release).some(({ kind }) => kind === 'TLS')) return undefined;
  const pem = own ?? selfSigned;
  const ends = (pem?.match(certificates) ?? []).flatMap((one) => endOf(one) ?? []);
  if (ends.length === 0) return undefined;
  return { notAfter: new Date(Math.min(...ends)), isSelfSigned: own === undefined };
}

const certificates = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Unix milliseconds; undefined for one that cannot be read, as somebody may have put it there by hand. */
function endOf(pem: string): number | undefined {
  try {
    return new X509Certificate(pem).validToDate.getTime();
  } catch {
    return undefined;
  }
}
