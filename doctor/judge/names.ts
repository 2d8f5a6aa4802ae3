/** Whether the names of a stack lead to its host, and its certificate is good for them. Pure. */
import { X509Certificate } from 'node:crypto';
import type { JtelStack } from '../../crds/index.ts';
import { failed, ok, skipped, warning, type Judgement } from '../finding.ts';
import { listed } from './cluster.ts';

const warnDays = 21;
const dayMilliseconds = 86_400_000;

/** What a name is here: addresses, or the code of the resolver, such as `ENOTFOUND`. */
export type Resolved =
  | { readonly name: string; readonly addresses: readonly string[] }
  | { readonly name: string; readonly error: string };

/** @param host where the host is, as far as it can be known here; undefined behind a jump host */
export function judgeNames(names: readonly Resolved[], host: Resolved | undefined): Judgement {
  const unknown = names.filter((one) => 'error' in one);
  if (unknown.some(({ error }) => error !== 'ENOTFOUND' && error !== 'ENODATA'))
    return skipped(
      `The resolver here does not answer: ${listed(unknown.map(({ name, error }) => `${name} ${error}`))}.`,
      'See that this machine has a name server; then try again.',
    );
  if (unknown.length > 0)
    return warning(
      `Nobody here knows ${listed(unknown.map(({ name }) => name))}.`,
      'Make records for them that lead to the host, or ask from where the people are who use them.',
    );
  const known = names.filter((one) => 'addresses' in one);
  const told = listed(
    known.map(({ name, addresses }) => `${name} is ${addresses.slice(0, 4).join(' and ')}`),
  );
  if (host === undefined)
    return ok(
      `${told}. Whether the host is there cannot be seen from here, because it is behind a jump host.`,
    );
  if ('error' in host)
    return warning(
      `${told}, and the host’s own name ${host.name} is not known here (${host.error}).`,
      'Correct spec.host.address, or see that it is known where the operator runs.',
    );
  const away = known.filter(({ addresses }) => !addresses.some((one) => host.addresses.includes(one)));
  return away.length === 0
    ? ok(`${told}: the host.`)
    : warning(
        `${told}, and the host is ${host.addresses.slice(0, 4).join(' and ')}.`,
        'Correct the records, unless address translation or a proxy lies in between.',
      );
}

/** @param pem key, certificate and its chain, as `readCertificate` gives them after it compared key and certificate */
export function judgeCertificate(pem: string, { spec }: Pick<JtelStack, 'spec'>, now: Date): Judgement {
  const renew = 'Put a new certificate and its key into the Secret of spec.network.tlsSecretRef.';
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  let leaf: X509Certificate;
  try {
    leaf = new X509Certificate(certificates[0] ?? '');
  } catch {
    return failed('tls.crt holds no certificate that can be read.', renew);
  }
  const { fqdn, aliases = [] } = spec.network;
  const [from, to] = [new Date(leaf.validFrom), new Date(leaf.validTo)];
  const day = (date: Date): string => date.toISOString().slice(0, 10);
  if (now > to) return failed(`The certificate was valid until ${day(to)}.`, renew);
  if (now < from)
    return failed(
      `The certificate is valid from ${day(from)} on.`,
      'Wait until then, or use the one before it.',
    );
  const lacking = [fqdn, ...aliases].filter((name) => leaf.checkHost(name) === undefined);
  const names = (leaf.subjectAltName ?? leaf.subject).replaceAll('\n', ', ').slice(0, 300);
  if (lacking.length > 0) {
    const seen = `The certificate is not for ${listed(lacking)}; it has ${names}.`;
    return lacking.includes(fqdn) ? failed(seen, renew) : warning(seen, renew);
  }
  const days = Math.floor((to.getTime() - now.getTime()) / dayMilliseconds);
  const seen = `The certificate fits its key, is for ${listed([fqdn, ...aliases])}, and valid until ${day(to)} (${days} days)`;
  if (days < warnDays) return warning(`${seen}.`, renew);
  if (certificates.length === 1 && leaf.issuer !== leaf.subject)
    return warning(
      `${seen}; it comes alone.`,
      'Put the certificates of its issuers behind it in tls.crt: many clients refuse it without them.',
    );
  return ok(`${seen}.`);
}
