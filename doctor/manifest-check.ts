/** The stack that is to be examined, from manifests that are not applied: what it would be, and whether it would be taken. */
import type { JtelStack } from '../crds/index.ts';
import { ApiError, isForbidden, isInvalid, isNotFound } from '../runtime/client/api-error.ts';
import { UsageError } from '../command-line/terminal.ts';
import { checks, type CheckName } from './checks.ts';
import { each, failed, finding, ok, skipped, type Finding, type Judgement } from './finding.ts';
import { fillDefaults, objectsOf, type ManifestObject } from './manifest.ts';

/** Those that need a stack. */
export const stackChecks: readonly CheckName[] = checks
  .filter(({ group }) => group !== 'Cluster' && group !== 'Operator' && group !== 'Manifest')
  .map(({ name }) => name);

export interface Manifests {
  /** What the examinations may find instead of what is in the cluster. */
  readonly objects: readonly ManifestObject[];
  readonly stacks: readonly ManifestObject[];
}

interface File {
  readonly name: string;
  readonly text: string;
}

const overlaidKinds = new Set(['Secret', 'JtelBackupStore']);

/**
 * Objects get the namespace that they would be applied to.
 * @throws {UsageError} if a file is not YAML, or a store in it is none
 */
export function readManifests(files: readonly File[], namespace: string): Manifests {
  const all = files
    .flatMap(({ name, text }) => objectsOf(text, name))
    .filter(({ metadata }) => typeof metadata?.name === 'string' && metadata.name !== '')
    .map((object) => ({ ...object, metadata: { namespace, ...object.metadata } }));
  const objects = all.filter(({ kind = '' }) => overlaidKinds.has(kind));
  for (const { kind, metadata, spec } of objects) {
    const objection = kind === 'JtelBackupStore' ? fillDefaults(kind, spec) : undefined;
    if (objection !== undefined) throw new UsageError(`JtelBackupStore ${metadata.name}: ${objection}`);
  }
  return { objects, stacks: all.filter(({ kind }) => kind === 'JtelStack') };
}

/** @param name undefined: the only one. @throws {UsageError} that names those that are there */
export function chooseStack({ stacks }: Manifests, name: string | undefined): ManifestObject | undefined {
  if (name !== undefined) return stacks.find(({ metadata }) => metadata?.name === name);
  if (stacks.length === 1) return stacks[0];
  const there = stacks.map(({ metadata }) => metadata?.name ?? '').slice(0, 20);
  throw new UsageError(
    stacks.length === 0
      ? 'the files have no JtelStack: name one that exists, or give its manifest with -f'
      : `the files have several JtelStacks, say which: ${there.join(', ')}`,
  );
}

export interface Tried {
  /** Undefined if nothing can be examined before it is corrected. */
  readonly stack?: JtelStack;
  readonly findings: readonly Finding[];
}

/**
 * @param dryRun lets the API server judge the manifest without storing it; undefined for those who may not
 */
export async function tryManifest(
  manifest: ManifestObject,
  dryRun: (() => Promise<JtelStack>) | undefined,
): Promise<Tried> {
  const told = (judgement: Judgement): readonly Finding[] => [finding('manifest', judgement)];
  const name = `JtelStack ${manifest.metadata?.namespace}/${manifest.metadata?.name}`;
  const local = { ...manifest, spec: structuredClone(manifest.spec) } as object as JtelStack;
  const objection = fillDefaults('JtelStack', local.spec);
  const answer = await dryRun?.().catch((error: unknown) => {
    if (error instanceof ApiError) return error;
    throw error;
  });
  if (answer !== undefined && !(answer instanceof ApiError))
    return { stack: answer, findings: told(ok(`The API server accepts ${name}.`)) };
  if (objection !== undefined)
    return {
      findings: [
        ...told(failed(`${name}: ${objection}`, correct)),
        ...each(
          stackChecks,
          skipped('The manifest is not valid.', 'Correct what the check manifest says first.'),
        ),
      ],
    };
  return { stack: local, findings: told(judgeRefusal(name, manifest.metadata?.namespace ?? '', answer)) };
}

const correct = 'Correct the manifest; kubectl explain jtelstack.spec describes each field.';

/** Of a manifest that fits the schema. */
function judgeRefusal(name: string, namespace: string, refusal: ApiError | undefined): Judgement {
  const rules =
    'Have somebody apply it with --dry-run=server: only the API server checks the rules between fields.';
  if (refusal === undefined) return ok(`${name} fits the schema.`);
  const { message } = refusal;
  if (isForbidden(refusal)) return skipped(`You may not try to apply ${name}. It fits the schema.`, rules);
  if (isInvalid(refusal)) return failed(message, correct);
  if (isNotFound(refusal))
    return failed(
      `${name} cannot be applied: ${message}`,
      `Create the namespace ${namespace}, or install the CRDs, if the check crds says so.`,
    );
  return skipped(`It could not be tried: ${message}`, rules);
}
