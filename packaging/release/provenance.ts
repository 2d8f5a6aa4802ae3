/**
 * Says what a release was made from and how, as an in-toto statement with SLSA's predicate: who trusts the
 * builder need not build again, and who builds again compares with it. It has no times of the build, so two
 * builds of one commit give the same statement.
 */
import type { Digest } from './checksums.ts';

export interface ProvenanceInput {
  readonly version: string;
  readonly commit: string;
  readonly epoch: number;
  /** Names the machine that built, e.g. the address of a build job; of the builder's choice. */
  readonly builder: string;
  readonly artefacts: readonly Digest[];
  /** What else went in: base images, the lock file … */
  readonly inputs: readonly { readonly uri: string; readonly digest: Readonly<Record<string, string>> }[];
}

/** Documented in docs/releases.md. */
const buildType = 'https://jtel.de/jtel-operator/make-release/v1';

export function provenance(input: ProvenanceInput): string {
  const { version, commit, epoch, builder, artefacts, inputs } = input;
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: artefacts.map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType,
        externalParameters: { version },
        internalParameters: { SOURCE_DATE_EPOCH: epoch },
        resolvedDependencies: [{ uri: 'git+jtel-operator', digest: { gitCommit: commit } }, ...inputs],
      },
      runDetails: { builder: { id: builder } },
    },
  };
  return `${JSON.stringify(statement, undefined, 2)}\n`;
}
