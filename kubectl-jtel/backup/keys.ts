/** `kubectl jtel backup keys` prints the public keys whose signatures count, for paper and for another cluster. */
import { keyIDOf } from '../../backup-format/signature.ts';
import { storeKind } from '../../crds/index.ts';
import { CommandError } from '../../command-line/terminal.ts';
import type { Kit } from '../kit.ts';
import type { OutputOptions } from '../options.ts';
import { printObject } from '../output.ts';
import { storeNameFor, type PlaceOptions } from './place.ts';

export interface KeysOptions extends Pick<PlaceOptions, 'store'>, OutputOptions {}

export async function keys(kit: Kit, name: string | undefined, options: KeysOptions): Promise<void> {
  const { cluster, namespace, call } = kit;
  const storeName = await storeNameFor(kit, name, options);
  const store = await cluster.find(storeKind, { namespace, name: storeName }, call);
  if (store === undefined)
    throw new CommandError(`there is no JtelBackupStore ${storeName} in namespace ${namespace}`);
  const signing = store.status?.signingKeys ?? [];
  const added = (store.spec.trustedKeys ?? []).map((publicKey) => ({ keyID: keyIDOf(publicKey), publicKey }));
  const revoked = new Set(store.spec.revokedKeyIDs);
  const all = [
    ...signing.map((key, index) => ({ ...key, use: index === signing.length - 1 ? 'in use' : 'earlier' })),
    ...added
      .filter(({ keyID }) => signing.every((key) => key.keyID !== keyID))
      .map((key) => ({ ...key, use: 'spec.trustedKeys' })),
  ].map((key) => ({ ...key, isTrusted: !revoked.has(key.keyID) }));
  if (options.output === 'json' || options.output === 'yaml')
    return await printObject(
      kit,
      { trustedKeys: all.filter(({ isTrusted }) => isTrusted).map(({ publicKey }) => publicKey) },
      options.output,
    );
  if (all.length === 0) {
    kit.surroundings.note(`JtelBackupStore ${storeName} trusts no key yet: no operator has looked at it`);
    return;
  }
  for (const { keyID, publicKey, use, isTrusted } of all)
    kit.print([`${publicKey}  ${kit.paint('dim', `${keyID}, ${use}${isTrusted ? '' : ', revoked'}`)}`]);
  kit.surroundings.note(
    'keep them outside of the cluster; in another one, write them into spec.trustedKeys of the JtelBackupStore',
  );
}
