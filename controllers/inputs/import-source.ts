/** The old installation whose database a stack begins with, made concrete. */

import { createHash } from 'node:crypto';
import type { JtelStack } from '../../crds/index.ts';
import type { ImportSource } from '../../jobs/import.ts';
import type { Release } from '../../release/generated/release.ts';
import type { CallOptions, Cluster, SecretValues } from '../../runtime/client/cluster.ts';
import { InputError } from './input-error.ts';
import { readSecret, requireKey } from './secret-input.ts';

/** What the import job needs to know. It holds a password. */
export interface ImportedDatabase {
  readonly source: ImportSource;
  /** {@link importedFrom} */
  readonly from: string;
  readonly schemas: readonly string[];
}

/** Its certificates, without what tools write between them. @throws {InputError} `SecretInvalid` */
function authorityOf(secret: SecretValues, where: string): string {
  const found = requireKey(secret, 'ca.crt', where).match(certificates);
  if (found === null)
    throw new InputError(
      'SecretInvalid',
      `Secret ${where}: ca.crt has no certificate: write the one that signed the old database's, in PEM.`,
    );
  return `${found.join('\n')}\n`;
}

const certificates = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/** For people, and in the record of the data. */
export function importOrigin({ host, port }: Pick<ImportSource, 'host' | 'port'>): string {
  return `import from ${host}:${port}`;
}

/** What the spec imports, as a word. The account may change, and it is still the same. */
export function importedFrom({ initialData }: Pick<JtelStack['spec'], 'initialData'>): string {
  const { address, port, schemas = [] } = initialData.import?.database ?? {};
  const asked = [address, port, schemas.toSorted()];
  return createHash('sha256').update(JSON.stringify(asked)).digest('hex').slice(0, 12);
}

/** @throws {InputError} `SecretNotFound`, `SecretInvalid`, `ImportImpossible` */
export async function readImportSource(
  cluster: Cluster,
  { metadata, spec }: JtelStack,
  release: Release,
  options: CallOptions,
): Promise<ImportedDatabase> {
  const wanted = spec.initialData.import?.database;
  if (wanted === undefined)
    throw new InputError(
      'ImportImpossible',
      'spec.initialData.import is missing, which source Import needs.',
    );
  const { address, port, credentialsSecretRef, tls, schemas = release.database.schemas } = wanted;
  const strange = schemas.filter((schema) => !release.database.schemas.includes(schema));
  if (strange.length > 0)
    throw new InputError(
      'ImportImpossible',
      `spec.initialData.import.database.schemas has ${strange.join(', ')}, which release ${release.version} does not have (${release.database.schemas.join(', ')}): remove it.`,
    );
  const field = 'spec.initialData.import.database.credentialsSecretRef';
  const { namespace } = metadata;
  const secret = await readSecret(cluster, namespace, credentialsSecretRef.name, field, options);
  const where = `${namespace}/${credentialsSecretRef.name} (${field})`;
  const word = (key: string, longest: number): string => {
    const value = requireKey(secret, key, where);
    // oxlint-disable-next-line no-control-regex -- control characters are what is refused
    if (value.length > longest || /[\u0000-\u001F]/.test(value))
      throw new InputError(
        'SecretInvalid',
        `Secret ${where}: ${key} is longer than ${longest} characters, or has a line end or another control character: write it again without.`,
      );
    return value;
  };
  return {
    source: {
      host: address,
      port,
      user: word('username', 128),
      password: word('password', 1024),
      ...(tls === 'Required' ? { tls: { certificateAuthority: authorityOf(secret, where) } } : {}),
    },
    from: importedFrom(spec),
    schemas,
  };
}
