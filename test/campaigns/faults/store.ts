/**
 * Faults in calls: every fault at every request of every call of the blob store, once and always. No stored
 * object changes and nothing half is left. A call returns what was stored, or an error that names store and
 * object with the right reason and no secret. Tries are bounded. When the fault is over, the same call
 * succeeds.
 */
import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { azureBlobStore } from '../../../blob-store/azure/azure-store.ts';
import type { BlobStore } from '../../../blob-store/blob-store.ts';
import { locked, type TestDouble } from '../../support/blob-double.ts';
import type { CampaignCase, CampaignForm } from '../campaign.ts';
import { blobFaults, type NamedFault } from './faults.ts';
import { check, checkNothingReplaced, checkTold } from '../oracles.ts';
import { equal, sites, small, type Site } from './sites.ts';

const never = new AbortController().signal;
const maximumTries = 3;
/**
 * Limit for a call under the fault `no answer`, which takes longer. All other calls may take as long as a
 * busy machine needs.
 */
const impatientSeconds = 4;

export function storeCases(double: TestDouble, form: CampaignForm): readonly CampaignCase[] {
  const all = sites.flatMap((site) =>
    site.requests.flatMap((operation) =>
      blobFaults.flatMap((fault) =>
        (['once', 'always'] as const).map((often) => ({
          name: `${site.name}: ${fault.name} at ${operation}, ${often}`,
          run: () => survive(double, site, operation, fault, often),
        })),
      ),
    ),
  );
  // 29 is odd, so that each of the 16 faults at 2 frequencies comes up.
  return form === 'long' ? all : all.filter((_, index) => index % 29 === 0);
}

async function survive(
  { control, customer, vendor }: TestDouble,
  site: Site,
  operation: Site['requests'][number],
  { name, fault, nature, reason }: NamedFault,
  often: 'once' | 'always',
): Promise<void> {
  const container = `e-${randomUUID()}`;
  const location = await customer.location(container, { rule: locked });
  const store = azureBlobStore(location, customer.credentials, { maximumTries });
  const faulted =
    fault.kind === 'Delay'
      ? azureBlobStore(location, customer.credentials, { timeoutSeconds: impatientSeconds, maximumTries })
      : store;
  const source = azureBlobStore(await vendor.location(container), vendor.credentials);
  await store.create('there', small, 'text/plain', never);
  await source.create('source', small, 'text/plain', never);
  const sourceUrl = await source.readUrl('source', 600);
  const before = await store.properties('there', never);

  const first = (await control.requests({ account: 'customer', container })).length;
  const id = await control.faults.add({
    when: { account: 'customer', container, operations: [operation] },
    times: often === 'once' ? 1 : 'Always',
    fault,
  });
  const outcome = await site.call(faulted, sourceUrl).then(
    (result) => ({ result }),
    (error: unknown) => ({ error }),
  );
  const hits = (await control.faults.list()).find((each) => each.id === id)?.hit ?? 0;
  await control.faults.remove(id);
  const made = (await control.requests({ account: 'customer', container })).slice(first);

  check(hits > 0, `the fault hit nothing (${made.map((each) => each.operation).join(', ')})`);
  check(made.length <= maximumTries * (site.requests.length + 2), `${made.length} requests`);
  if ('error' in outcome) {
    const { message, reason: own } = checkTold(
      outcome.error,
      ['BlobError'],
      [customer.accountKey, vendor.accountKey],
    );
    check(message.includes(store.description), `does not name the store: ${message}`);
    const passes = often === 'once' && nature === 'Passing';
    check(!passes, `not tried again: ${message}`);
    // A spoiled answer that cannot be parsed is as good as none. After a refused creation the client looks
    // for the blob, and may find that it exists.
    const expected = site.calls?.[`${name} at ${operation}`] ?? reason;
    const accepted = nature === 'Spoiled' ? [expected, 'StoreUnreachable'] : [expected];
    check(accepted.includes(own), `called ${own} instead of ${expected}: ${message}`);
  } else {
    const isTrusted = site.trusts?.some((each) => each === name) === true;
    const isHonest =
      equal(outcome.result, site.result) || isTrusted || isHonestAnswer(site, name, outcome.result);
    check(isHonest, `gave ${inspect(outcome.result)} instead of ${inspect(site.result)}`);
  }
  check(equal(await store.properties('there', never), before), 'what was stored has changed');
  check((await store.read('there', 1000, never)).equals(small), 'what was stored reads otherwise');
  checkNothingReplaced(made, () => site.name === 'proof of immutability');
  await checkWhole(site, store);
  const again = await site.call(store, sourceUrl);
  check(equal(again, site.result), `afterwards it gave ${inspect(again)}`);
  await checkWhole(site, store);
}

/** Answers that are unusual but not lies. */
function isHonestAnswer(site: Site, fault: string, result: unknown): boolean {
  if (site.name === 'properties' && fault === '404') return equal(result, { createdTime: '' });
  // The proof reports what it was told. That is why it is compared with a second source, and reported with
  // its codes.
  if (site.name === 'proof of immutability') return ['401', '403', '404', '412'].includes(fault);
  return false;
}

async function checkWhole(site: Site, store: BlobStore): Promise<void> {
  const found = await store.properties('new', never);
  if (found === undefined) return;
  check(site.makes !== undefined, 'it made something that it should not');
  check((await store.read('new', 1_000_000, never)).equals(site.makes ?? small), 'what it made is not whole');
}
