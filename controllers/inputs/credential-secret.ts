/** The Secret with a stack's generated credentials: its name, what is in it, what can be asked for. Pure. */

import type { SecretValues } from '../../runtime/client/cluster.ts';

export const certificateKey = 'self-signed.pem';

/** A secret that the release wants generated: some characters, or a key file of MariaDB's file_key_management. */
export interface GeneratedSecret {
  readonly name: string;
  readonly length: number | 'EncryptionKeys';
}

/** Where containers have a secret of the release. */
export interface SecretPlace {
  readonly secret: string;
  readonly isCertificate: boolean;
  readonly component: string;
  readonly target: string;
}

export interface CredentialRequest {
  readonly generate: readonly GeneratedSecret[];
  readonly selfSigned: boolean;
  /**
   * What may have been there: the Secret itself, or entries of it. `Keys`: the Secret is empty, which is consent to new
   * passwords, and not to new keys of encryption at rest.
   */
  readonly lacks?: 'Secret' | 'Entries' | 'Keys';
  /** With `lacks`: where they can be found if they were made before, and which must be found then. */
  readonly places?: readonly SecretPlace[];
  readonly rootSecret?: string;
  /** Replaces the certificate that is there. */
  readonly renew?: boolean;
}

/** The Secret's name. It is derived from the stack's, so it is found again. */
export function credentialsName(stackName: string): string {
  return `${stackName}-credentials`;
}

/** The self-signed certificate, if it was made already. */
export function findSelfSigned(values: SecretValues | undefined): string | undefined {
  return values?.find(certificateKey);
}
