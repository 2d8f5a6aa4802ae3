/**
 * The specs that a stack can be held to, each made concrete from what was read for it, and the choice between them. Mostly it
 * is the one that stands there; the last good one while that cannot be begun (its window is closed, its release is missing, the
 * host is too small …), and the previous one after it failed and was taken back. So what runs stays looked after. Pure.
 */

import type { JtelStack } from '../../../crds/index.ts';
import { setupDigest } from '../../../host-driver/bootstrap/digest.ts';
import type { HostObservation, HostProxy } from '../../../host-driver/host.ts';
import type { SwitchedVolumes } from '../../../host-driver/volumes.ts';
import { secretTarget } from '../../../release/components.ts';
import { preflight, updateAllowed } from '../../../release/fitness.ts';
import type { Release } from '../../../release/generated/release.ts';
import type { TemplateTexts } from '../../../release/template-texts.ts';
import { isSupportedOS, oldestDebian } from '../../hosts/supported-os.ts';
import { credentialsName } from '../../inputs/credential-secret.ts';
import { InputError } from '../../inputs/input-error.ts';
import { outcomeOf, type Outcome } from '../../inputs/outcome.ts';
import {
  renderWith,
  type RenderedStack,
  type StackRelease,
  type StackSecrets,
} from '../../inputs/stack-release.ts';
import { keysMount } from '../../loading/database-access.ts';
import type { Finding } from '../findings.ts';
import type { Candidate, Choice, Observed, ReleaseFacts } from '../model.ts';
import { fallback, takenBackTo, withWorkload } from './effective.ts';
import { strandedData } from './stranded.ts';
import { hostSetup } from './host-setup.ts';
import { refusal } from './refusal.ts';
import type { Revisions } from './revisions.ts';
import { optional } from '../../../base/optional.ts';

/** What was read of what a spec refers to. Holds secrets. */
export interface CandidateInputs {
  readonly stack: JtelStack;
  readonly release: Outcome<StackRelease>;
  /** Absent without a release, which says what is needed. */
  readonly secrets?: Outcome<StackSecrets>;
  /** Of its templates. Absent without a release. */
  readonly texts?: Outcome<TemplateTexts>;
  readonly proxy?: Outcome<HostProxy['credentials'] | undefined>;
}

/** A candidate with what was rendered for it, for executors only: it holds secrets. */
export interface Rendering {
  readonly candidate: Candidate;
  readonly release?: StackRelease;
  readonly rendered?: RenderedStack;
}

/** @returns the stack with each spec that it may be held to; the first one is what it should be held to. */
export function candidateStacks(
  stack: JtelStack,
  revisions: Revisions | undefined,
): readonly [JtelStack, ...JtelStack[]] {
  if (revisions === undefined) return [stack];
  const back = takenBackTo(revisions);
  if (back !== undefined) return [withWorkload(stack, back)];
  const { good, current } = revisions;
  return good === undefined || good.number === current.number || current.attempt !== undefined
    ? [stack]
    : [stack, withWorkload(stack, good)];
}

export interface ChoiceInput {
  readonly project: string;
  /** Of each of {@link candidateStacks}, in that order. */
  readonly inputs: readonly [CandidateInputs, ...CandidateInputs[]];
  /** SSH key and the like, by which the host is reached. */
  readonly target: Outcome<unknown>;
  readonly observed: Observed;
  readonly now: Date;
}

export interface Chosen {
  readonly choice: Choice;
  readonly rendering: Rendering;
}

export function choose({ project, inputs, target, observed, now }: ChoiceInput): Chosen {
  const { host, revisions } = observed;
  const seen = host.ok ? host.value : undefined;
  const make = (read: CandidateInputs): Rendering => concrete(read, project, target, seen);
  const [wanted, former] = inputs;
  const first = make(wanted);
  const asWanted = { choice: first.candidate, rendering: first };
  if (revisions === undefined || former === undefined || takenBackTo(revisions) !== undefined)
    return asWanted;
  const objection = refusal({ ...first.candidate, observed, now });
  const data = strandedData(observed.relocation, first.candidate) ?? seen?.state;
  if (objection === undefined || fallback(revisions, data) === undefined) return asWanted;
  const instead = make(former);
  // What cannot be rendered cannot be looked after either.
  if (instead.candidate.desired === undefined) return asWanted;
  return { choice: { ...instead.candidate, objection }, rendering: instead };
}

function concrete(
  inputs: CandidateInputs,
  project: string,
  target: Outcome<unknown>,
  host: HostObservation | undefined,
): Rendering {
  const { stack, release } = inputs;
  if (!release.ok) return { candidate: { stack, secrets: target, release, findings: [] } };
  const { loaded } = release.value;
  const rendering = outcomeOf(() => render(inputs, project, release.value, host?.state?.volumes));
  const candidate: Candidate = {
    stack,
    secrets: rendering.ok ? target : rendering,
    release: { ok: true, value: releaseFacts(loaded.release, stack) },
    ...(rendering.ok ? rendering.value.made : {}),
    findings: host === undefined ? [] : findingsOf(loaded.release, stack, host),
  };
  return {
    candidate,
    release: release.value,
    ...(rendering.ok ? optional({ rendered: rendering.value.rendered }) : {}),
  };
}

interface Rendered {
  readonly made: Pick<Candidate, 'desired' | 'missingCredentials'>;
  readonly rendered?: RenderedStack;
}

function render(
  { stack, secrets, texts, proxy }: CandidateInputs,
  project: string,
  { loaded }: StackRelease,
  volumes: SwitchedVolumes | undefined,
): Rendered {
  const result = renderWith(stack, project, loaded, () => required(texts), required(secrets), { volumes });
  if ('missing' in result) return { made: { missingCredentials: result.missing } };
  const setup = hostSetup(stack, loaded.release, proxy === undefined ? undefined : required(proxy));
  const desired = {
    release: result.rendered,
    setup,
    setupDigest: setupDigest(setup),
    ...optional({ certificate: result.certificate, plainFileNames: result.plainFileNames }),
  };
  return { made: { desired }, rendered: result };
}

function required<T>(read: Outcome<T> | undefined): T {
  if (read === undefined) throw new Error('the secrets of a release were not read');
  if (!read.ok) throw new InputError(read.reason, read.message);
  return read.value;
}

function releaseFacts(release: Release, stack: JtelStack): ReleaseFacts {
  const { component, series } = release.database;
  const keys = keysMount(release);
  return {
    version: release.version,
    databaseServices: [component],
    ...optional({ series }),
    ...(keys === undefined
      ? {}
      : {
          keys: {
            secretName: credentialsName(stack.metadata.name),
            entry: keys.name,
            path: secretTarget(keys),
          },
        }),
    updateFrom: (version) => updateAllowed(version, release),
  };
}

function findingsOf(release: Release, stack: JtelStack, { facts }: HostObservation): readonly Finding[] {
  const { address, bootstrap } = stack.spec.host;
  const findings: Finding[] = preflight(release, stack.spec.size, facts).map(({ message }) => ({
    reason: 'HostTooSmall',
    facts: { is: 'HostTooSmall', address, why: message },
  }));
  if (bootstrap === 'Managed' && !isSupportedOS(facts)) {
    findings.push({
      reason: 'UnsupportedOS',
      facts: { is: 'UnsupportedOS', address, osName: facts.osName, oldestDebian },
    });
  }
  return findings;
}
