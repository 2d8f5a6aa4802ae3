/** Examines what a stack refers to: release, stores, Secrets, certificate and names. */
import { isIP } from 'node:net';
import { BlobError } from '../blob-store/blob-store.ts';
import { immutable, observeStore, type StoreObserved } from '../controllers/store/index.ts';
import { stackIdentity } from '../controllers/stores/backup-identity.ts';
import { endpointRules } from '../blob-store/endpoint-rules.ts';
import { openBlobs, openStore, retentionReader } from '../controllers/stores/store-access.ts';
import { InputError } from '../controllers/inputs/input-error.ts';
import { readPullCredentials } from '../controllers/inputs/pull-credentials.ts';
import {
  readCertificate,
  readEnvironment,
  readProxyCredentials,
  stackInput,
} from '../controllers/inputs/render-inputs.ts';
import { readRelease, statedReleases } from '../controllers/inputs/stack-release.ts';
import { storeKind, type JtelBackupStore, type JtelStack } from '../crds/index.ts';
import type { Release } from '../release/generated/release.ts';
import { selectComponents } from '../release/select.ts';
import { asItBegins } from './channel.ts';
import type { Examination } from './examine.ts';
import { failed, finding, ok, skipped, warning, type Finding, type Judgement } from './finding.ts';
import { hostExamination } from './host.ts';
import { judgeTrouble } from './input-trouble.ts';
import { judgeCertificate, judgeNames } from './judge/names.ts';
import { connectAdvice, type Asker } from './judge/network.ts';
import { judgeImmutability, judgeStore, operatorReaches, storeName } from './judge/stores.ts';
import { resolve, tryConnection } from './read/connect.ts';
import type { StackSubject } from './subject.ts';

export function stackExaminations(subject: StackSubject): readonly Examination[] {
  const { stack } = subject;
  const release = Promise.withResolvers<Release | undefined>();
  return [
    {
      checks: ['release-store', 'release'],
      run: async (signal) => {
        try {
          const { findings, found } = await examineRelease(subject, signal);
          release.resolve(found);
          return findings;
        } finally {
          // Others go on without it.
          release.resolve(undefined);
        }
      },
    },
    {
      checks: ['secrets'],
      run: async (signal) => [finding('secrets', await secrets(subject, release.promise, signal))],
    },
    ...(stack.spec.backup === undefined
      ? [{ checks: ['backup-store', 'immutability'], run: () => Promise.resolve(noBackups) } as const]
      : [
          {
            checks: ['backup-store', 'immutability'],
            run: backups(subject, stack.spec.backup.storeRef.name),
          } as const,
        ]),
    hostExamination(subject, release.promise),
    { checks: ['dns'], run: async () => [finding('dns', await names(stack))] },
    {
      checks: ['certificate'],
      run: async (signal) => [finding('certificate', await certificate(subject, signal))],
    },
  ];
}

interface ReleaseFound {
  readonly findings: readonly Finding[];
  readonly found?: Release;
}

async function examineRelease(
  { stack: given, cluster, asker }: StackSubject,
  signal: AbortSignal,
): Promise<ReleaseFound> {
  const stack = await asItBegins(given, cluster, signal);
  if ('verdict' in stack) {
    const unknown = skipped('It is not known which release is wanted.', 'Correct what release says first.');
    return { findings: [finding('release-store', unknown), finding('release', stack)] };
  }
  const { name } = stack.spec.releaseStoreRef;
  const answers = finding('release-store', ok(`JtelBackupStore ${name} answers.`));
  try {
    const { loaded } = await readRelease(
      stack,
      { cluster, releases: await statedReleases(cluster, stack, { signal }), openStore },
      { signal },
    );
    // Throws if the stack asks for what the release does not have.
    const count = selectComponents(loaded.release, stackInput(stack)).length;
    const seen = `Release ${loaded.release.version} is published and whole; the stack asks for ${count} of its components.`;
    return { findings: [answers, finding('release', ok(seen))], found: loaded.release };
  } catch (error) {
    const isAboutRelease =
      (error instanceof InputError &&
        ['ReleaseNotFound', 'ReleaseInvalid', 'SpecInvalid'].includes(error.reason)) ||
      (error instanceof Error && error.name === 'RenderError');
    if (isAboutRelease)
      return {
        findings: [
          answers,
          finding(
            'release',
            judgeTrouble(error, 'Correct spec as the message says, or have the vendor publish it.'),
          ),
        ],
      };
    const store = await cluster.find(storeKind, { namespace: stack.metadata.namespace, name }, { signal });
    const judgement =
      store !== undefined && error instanceof BlobError
        ? judgeStore(
            store,
            { kind: 'Unusable', problem: error },
            await networkAdvice(store, error.reason, asker, signal),
          )
        : judgeTrouble(
            error,
            'Correct spec.releaseStoreRef, the store that it names, or the Secret of that.',
          );
    return {
      findings: [
        finding('release-store', judgement),
        finding('release', skipped('The store of the releases could not be read.', 'Correct that first.')),
      ],
    };
  }
}

const noBackups: readonly Finding[] = [
  finding(
    'backup-store',
    warning(
      'The stack has no spec.backup, so nothing is backed up.',
      'Add spec.backup (docs/backups.md), unless its data may be lost.',
    ),
  ),
  finding('immutability', skipped('Nothing is backed up.', 'Add spec.backup first.')),
];

function backups({ stack, cluster, asker }: StackSubject, name: string): Examination['run'] {
  const { namespace } = stack.metadata;
  return async (signal) => {
    const store = await cluster.find(storeKind, { namespace, name }, { signal });
    if (store === undefined)
      return [
        finding(
          'backup-store',
          failed(
            `JtelBackupStore ${namespace}/${name}, which spec.backup.storeRef names, does not exist.`,
            'Create it, or give its manifest with -f, too.',
          ),
        ),
        finding('immutability', skipped('There is no store.', 'Create it first.')),
      ];
    return await examineStore(store, { cluster, asker }, [stackIdentity(stack)], signal);
  };
}

/** What a store says, read and not tried. */
export async function examineStore(
  store: JtelBackupStore,
  { cluster, asker }: Pick<StackSubject, 'cluster' | 'asker'>,
  identities: readonly string[],
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const isVendors = store.spec.tier === 'Vendor';
  const check = isVendors ? 'release-store' : 'backup-store';
  const subject = storeName(store);
  let observed: StoreObserved;
  try {
    const blobs = await openBlobs(cluster, store, { signal });
    ({ observed } = await observeStore(
      store,
      () => Promise.resolve(blobs),
      signal,
      identities,
      retentionReader(cluster, store),
    ));
  } catch (error) {
    const trouble = judgeTrouble(error, 'Correct the store or its Secret, as the message says.');
    const judgement =
      trouble.verdict === 'Skipped' && operatorReaches(store)
        ? ok(
            `You may not read the Secret of ${subject}; the operator reaches the store, as its condition Available says.`,
          )
        : trouble;
    const rest = isVendors
      ? []
      : [
          finding(
            'immutability',
            skipped('The store could not be read.', 'Correct what backup-store says first.'),
            subject,
          ),
        ];
    return [finding(check, judgement, subject), ...rest];
  }
  const advice =
    observed.kind === 'Unusable'
      ? await networkAdvice(store, observed.problem.reason, asker, signal)
      : undefined;
  return [
    finding(check, judgeStore(store, observed, advice), subject),
    ...(isVendors
      ? []
      : [
          finding(
            'immutability',
            judgeImmutability(store, observed, immutable(store, observed, { kind: 'NotDue' })),
            subject,
          ),
        ]),
  ];
}

/** Undefined unless the store was not reached at all. */
async function networkAdvice(
  { spec }: JtelBackupStore,
  reason: string,
  asker: Asker,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (reason !== 'StoreUnreachable' || !URL.canParse(spec.azure.endpoint)) return undefined;
  const { hostname, port, protocol } = new URL(spec.azure.endpoint);
  const number = port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port);
  const connected = await tryConnection(hostname, number, signal, endpointRules()?.addresses);
  return connectAdvice(connected, `${hostname}:${number}`, asker);
}

async function secrets(
  { stack, cluster }: StackSubject,
  release: Promise<Release | undefined>,
  signal: AbortSignal,
): Promise<Judgement> {
  const options = { signal };
  const next = 'Create or correct the Secret, as the message says.';
  const registry = (await release)?.registry;
  const reads: readonly (() => Promise<unknown>)[] = [
    () => readEnvironment(cluster, stack, stackInput(stack), options),
    () => readProxyCredentials(cluster, stack, options),
    ...(registry === undefined ? [] : [() => readPullCredentials(cluster, stack, registry, options)]),
  ];
  const judged = await Promise.all(
    reads.map((read) =>
      read().then(
        () => undefined,
        (error: unknown) => judgeTrouble(error, next),
      ),
    ),
  );
  const wrong = judged.filter((one) => one !== undefined);
  const [worst] = [...wrong.filter(({ verdict }) => verdict === 'Failed'), ...wrong];
  if (worst !== undefined) return { ...worst, seen: wrong.map(({ seen }) => seen).join(' ') };
  const { imagePullSecretRef } = stack.spec;
  if (imagePullSecretRef !== undefined && registry === undefined)
    return skipped(
      'Whether spec.imagePullSecretRef has a login cannot be seen: the release, which names the registry, could not be read.',
      'Correct what the check release says first.',
    );
  return ok('Every Secret for environment, proxy and images is there, with the keys that are needed.');
}

async function names({ spec }: JtelStack): Promise<Judgement> {
  const { fqdn, aliases = [] } = spec.network;
  const { address, jumpHost } = spec.host;
  const isAddress = isIP(address) !== 0;
  const [host, ...found] = await Promise.all([
    jumpHost !== undefined
      ? undefined
      : isAddress
        ? { name: address, addresses: [address] }
        : resolve(address),
    ...[fqdn, ...aliases].map((name) => resolve(name)),
  ]);
  return judgeNames(found, host);
}

async function certificate({ stack, cluster, now }: StackSubject, signal: AbortSignal): Promise<Judgement> {
  try {
    const pem = await readCertificate(cluster, stack, { signal });
    return pem === undefined
      ? ok('The stack names no certificate: the operator makes a self-signed one, which browsers warn of.')
      : judgeCertificate(pem, stack, now());
  } catch (error) {
    return judgeTrouble(error, 'Correct the Secret of spec.network.tlsSecretRef.');
  }
}
