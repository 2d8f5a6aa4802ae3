/** How many requests the API server has answered, by its own count. Those of its own controllers are left out. */
import type { Kubectl } from '../../sandbox/installation/kubectl.ts';

/** What the operator reads and writes. Leases are not in it: how often one is renewed is set. */
const resources = new Set([
  'jtelstacks',
  'jtelbackupstores',
  'jtelbackups',
  'jtelrestores',
  'secrets',
  'controllerrevisions',
  'cronjobs',
  'events',
]);
const writing = new Set(['POST', 'PUT', 'PATCH', 'APPLY', 'DELETE']);

export interface Requests {
  readonly calls: number;
  /** Of them, those that change something. */
  readonly writes: number;
  /** `VERB resource/subresource` */
  readonly each: ReadonlyMap<string, number>;
}

export async function countRequests(kubectl: Kubectl): Promise<Requests> {
  const each = new Map<string, number>();
  const counted = /^apiserver_request_total\{(?<labels>[^}]*)\} (?<value>\S+)$/gm;
  for (const { groups } of (await kubectl.run(['get', '--raw', '/metrics'])).matchAll(counted)) {
    const label = (name: string): string =>
      new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(groups?.['labels'] ?? '')?.[1] ?? '';
    const [verb, resource, part] = ['verb', 'resource', 'subresource'].map(label);
    // A watch counts when it ends.
    if (verb === undefined || !resources.has(resource ?? '') || verb === 'WATCH') continue;
    const key = `${verb} ${resource ?? ''}${part ? `/${part}` : ''}`;
    each.set(key, (each.get(key) ?? 0) + Number(groups?.['value']));
  }
  return sum(each);
}

/** What came between two counts. */
export function between(before: Requests, after: Requests): Requests {
  return sum(
    new Map(
      [...after.each]
        .map(([key, count]) => [key, count - (before.each.get(key) ?? 0)] as const)
        .filter(([, count]) => count > 0),
    ),
  );
}

function sum(each: ReadonlyMap<string, number>): Requests {
  const total = (counts: (key: string) => boolean): number =>
    [...each].reduce((all, [key, count]) => all + (counts(key) ? count : 0), 0);
  return { calls: total(() => true), writes: total((key) => writing.has(key.split(' ')[0] ?? '')), each };
}
