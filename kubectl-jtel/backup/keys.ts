/** `kubectl jtel backup keys` prints the public keys whose signatures count, for paper and for another cluster. */
import { namedKeys, type NamedKey } from '../../backup-format/named-keys.ts';
import { storeKind } from '../../crds/index.ts';
import { CommandError } from '../../command-line/terminal.ts';
import type { Kit } from '../kit.ts';
import type { OutputOptions } from '../options.ts';
import { printObject } from '../output.ts';
import { storeNameFor, type PlaceOptions } from './place.ts';

export interface KeysOptions extends Pick<PlaceOptions, 'store'>, OutputOptions {}

const uses: Readonly<Record<NamedKey['use'], string>> = {
  InUse: 'in use',
  Earlier: 'earlier',
  Added: 'spec.trustedKeys',
};

export async function keys(kit: Kit, name: string | undefined, options: KeysOptions): Promise<void> {
  const { cluster, namespace, call } = kit;
  const storeName = await storeNameFor(kit, name, options);
  const store = await cluster.find(storeKind, { namespace, name: storeName }, call);
  if (store === undefined)
    throw new CommandError(`there is no JtelBackupStore ${storeName} in namespace ${namespace}`);
  const all = namedKeys({ ...store.spec, ...store.status });
  if (options.output === 'json' || options.output === 'yaml')
    return await printObject(
      kit,
      { trustedKeys: all.filter(({ isRevoked }) => !isRevoked).map(({ publicKey }) => publicKey) },
      options.output,
    );
  if (all.length === 0) {
    kit.surroundings.note(`JtelBackupStore ${storeName} trusts no key yet: no operator has looked at it`);
    return;
  }
  for (const { keyID, publicKey, use, isRevoked } of all)
    kit.print([`${publicKey}  ${kit.paint('dim', `${keyID}, ${uses[use]}${isRevoked ? ', revoked' : ''}`)}`]);
  kit.surroundings.note(
    'keep them outside of the cluster; in another one, write them into spec.trustedKeys of the JtelBackupStore',
  );
}
