/**
 * How a client asks for TLS: what a release may demand of the connection to its database, as options of
 * MariaDB's programs.
 */
import type { DatabaseTLS } from '../../jobs/values.ts';

/**
 * Lines of an option file: one set for each way, in the order in which they are tried. A release that asks
 * for nothing gets what the server offers. Since 11.4 clients insist on TLS, but older servers do not speak
 * it, nor do servers where it is off. Clients also insist on a certificate that they can check, and older
 * servers cannot prove theirs.
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
