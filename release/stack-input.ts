/**
 * What rendering needs to know about a stack: a part of JtelStack's spec in the same shape. So a controller
 * passes the spec itself, and this folder does not depend on the resource's version.
 */
import type { SwitchedVolumes } from '../host-driver/volumes.ts';
import type { FirewallRules } from '../host-driver/rendered-release.ts';
import type { Release } from './generated/release.ts';

/** What each means: `sizes.ts`. */
export type Size = 'Small' | 'Medium' | 'Large';

export interface SecretKeyReference {
  readonly name: string;
  readonly key: string;
}

export interface ComponentOverride {
  readonly name: string;
  readonly state?: 'Enabled' | 'Disabled' | undefined;
  readonly replicas?: number | undefined;
  /** Each given field replaces the release's figure for the stack's size. */
  readonly resources?:
    | { readonly cpus?: string | undefined; readonly memoryMiB?: number | undefined }
    | undefined;
  readonly env?:
    | readonly {
        readonly name: string;
        readonly value?: string | undefined;
        readonly secretKeyRef?: SecretKeyReference | undefined;
      }[]
    | undefined;
}

export interface StackNetwork {
  readonly fqdn?: string | undefined;
  readonly aliases?: readonly string[] | undefined;
  readonly allow?:
    | {
        readonly admin?: readonly string[] | undefined;
        readonly web?: readonly string[] | undefined;
        readonly sip?: FirewallRules['sip'] | undefined;
      }
    | undefined;
}

export interface StackInput {
  readonly namespace: string;
  readonly name: string;
  readonly size: Size;
  /** IANA name, as in `Europe/Berlin`. */
  readonly timeZone?: string | undefined;
  readonly network?: StackNetwork | undefined;
  readonly components?: readonly ComponentOverride[] | undefined;
}

export interface RenderInput {
  /** Must be published: every image has its digest. */
  readonly release: Release;
  /** Text of each template, by the path that the manifest names. */
  readonly templates: ReadonlyMap<string, string>;
  readonly stack: StackInput;
  /** compose project name, `jtel-<namespace>-<name>`. */
  readonly project: string;
  /** Volumes that a restore put in the place of others on the host. Default: none. */
  readonly volumes?: SwitchedVolumes | undefined;
  /** Closed: containers reach each other, and nobody else. No component may use the host's network then. Default: open. */
  readonly network?: 'Closed' | undefined;
  readonly secrets: SecretValues;
  /** Absent: secrets lie on the host under their SHA-256, as everything else does. */
  readonly fileNames?: FileNames | undefined;
}

/** How secrets are called on the host. Itself a secret, which no host may see. */
export interface FileNames {
  /** Of HMAC-SHA-256; 64 hex digits. */
  readonly key: string;
  /** SHA-256 of contents that lie there under it already, and keep that name until they change. */
  readonly plain: readonly string[];
  /** Names that contents have there from a key that is lost; they keep them, too. */
  readonly kept?: readonly { readonly sha256: string; readonly name: string }[];
}

export interface SecretValues {
  /** Content by the secret's name in the release; see {@link secretsNeeded}. */
  readonly release: ReadonlyMap<string, string>;
  /** Value by {@link secretKeyID}; see {@link environmentSecrets}. */
  readonly environment: ReadonlyMap<string, string>;
}

/** The stack asks for something that this release cannot do. The message says what to change, and where. */
export class RenderError extends Error {
  override readonly name = 'RenderError';
}

/** Key of a referenced Secret's value in {@link SecretValues.environment}. */
export function secretKeyID(reference: SecretKeyReference): string {
  return `${reference.name}/${reference.key}`;
}

/** The Secret keys that the stack's own environment variables refer to, each once. */
export function environmentSecrets(stack: StackInput): readonly SecretKeyReference[] {
  const found = new Map<string, SecretKeyReference>();
  for (const component of stack.components ?? []) {
    for (const variable of component.env ?? []) {
      if (variable.secretKeyRef !== undefined)
        found.set(secretKeyID(variable.secretKeyRef), variable.secretKeyRef);
    }
  }
  return [...found.values()];
}
