/** The words for why a spec is not begun; pure. */

import type { Present, SpecFacts } from '../../findings.ts';
import { sayLocally } from '../../../times/update-windows.ts';
import type { Sentences } from './table.ts';

const mebibyte = 2 ** 20;

export const specSentences: Sentences<SpecFacts> = {
  KeysLost: ({ keys, address, stack: { name, namespace }, service }) =>
    `Entry ${keys.entry} of Secret ${keys.secretName} is gone, and the database on ${address} is encrypted with what it held: put it back. ` +
    `What runs runs on, and has it: kubectl jtel exec ${name} ${service} -n ${namespace} -- cat ${keys.path}`,
  MakingCredentials: () => 'creating credentials',
  RecoveringCredentials: () => 'looking for missing credentials on the host',
  Downgrade: ({ why, version, backup, ...present }) =>
    `${runs(present)}: ${why}. To go back, restore ${backup === undefined ? `a backup that release ${version} (or one before it) made` : `backup ${backup}, made before the update`}: ` +
    `create a JtelRestore with ifNotEmpty Replace while spec.version is ${version}; what was written since is lost.`,
  NoWayToUpdate: ({ why, ...present }) => `${runs(present)}: ${why}.`,
  OlderDatabase: ({ version, series, before, ...present }) =>
    `${runs(present)}: the database of ${version} is MariaDB ${series}, older than the ${before} that ${present.present} has, and MariaDB knows no way back. ` +
    `Take a release with ${before} or newer.`,
  NoStoreForUpdate: ({ version, ...present }) =>
    `An update from ${present.present} to ${version} wants a backup first, and the stack has no backup store. ` +
    `${runs(present)}; set spec.backup.storeRef, or spec.update.preUpdateBackup to Skip to update without a way back.`,
  NoTimeZone: ({ timeZone, present }) =>
    `spec.update.windows: there is no time zone ${timeZone}; ${present} keeps running.`,
  WindowClosed: ({ present, version, opens, timeZone }) =>
    `the update from ${present} to ${version} waits for its window, which opens ${sayLocally(opens, timeZone)}`,
  NoDiskForImages: ({ address, freeBytes, neededBytes, images, version, present }) =>
    `${address} has ${Math.floor(freeBytes / mebibyte)} MiB of disk left for Docker; the ${images} images of ${version} that it lacks need about ` +
    `${neededBytes / mebibyte} MiB: free some space on the host. ${present} keeps running.`,
  HostUnfit: ({ findings }, say) => findings.map(({ facts }) => say(facts)).join(' '),
  HostTooSmall: ({ address, why }) => `${address}: ${why}.`,
  UnsupportedOS: ({ address, osName, oldestDebian }) =>
    `${address} runs ${osName}; a Managed host needs Debian ${oldestDebian} or later (or set spec.host.bootstrap to Preinstalled).`,
};

function runs({ present, update }: Present): string {
  return update === undefined
    ? `${present} keeps running`
    : `The update from ${update.from} to ${update.to} has begun to change the data`;
}
