/** How a client asks for TLS: what a release may demand of the connection to its database, as options of MariaDB's programs. */
import type { DatabaseTLS } from '../../jobs/values.ts';

/**
 * Lines of an option file, one set for each way in the order in which they are tried. A release that asks for nothing gets
 * what the server offers: since 11.4 clients insist on TLS by themselves, which older servers and those where it is switched
 * off do not speak, and on a certificate that they can check, which older servers cannot have proved.
 * @param certificateAuthority path of the file, if the release names one.
 */
export function tlsWays(
  tls: DatabaseTLS | undefined,
  certificateAuthority: string | undefined,
): readonly string[] {
  if (tls === undefined) return ['', 'disable-ssl-verify-server-cert\n'];
  return [
    `ssl\nssl-verify-server-cert\n${certificateAuthority === undefined ? '' : `ssl-ca=${certificateAuthority}\n`}`,
  ];
}

/** 2026: the server does not speak TLS as requested. Only then the next way is tried. */
export function isRefusedTLS(said: string): boolean {
  return said.startsWith('ERROR 2026');
}
