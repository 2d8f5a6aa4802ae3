/** `kubectl jtel rollout`: reads a channel and its stacks with the caller's rights, and writes `spec.paused`. */
import { CommandError } from '../../command-line/terminal.ts';
import { planChannel } from '../../controllers/channel/index.ts';
import { KnownWindows } from '../../controllers/times/known-windows.ts';
import { channelKind, stackKind, type JtelChannel } from '../../crds/index.ts';
import { findCondition } from '../../runtime/report/conditions.ts';
import { despiteChanges } from '../despite-changes.ts';
import { requireName, type Kit } from '../kit.ts';
import type { OutputOptions } from '../options.ts';
import { printObject } from '../output.ts';
import { waitForChannel } from './wait.ts';
import { planRows, planView, statusView } from './view.ts';

export interface RolloutStatusOptions extends OutputOptions {
  readonly wait?: boolean;
}

/** @throws {CommandError} if the channel has stopped, or `--timeout` is over before it is done */
export async function status(
  kit: Kit,
  name: string,
  { output, wait = false }: RolloutStatusOptions,
): Promise<void> {
  const found = await getChannel(kit, name);
  const channel = wait ? await waitForChannel(kit, name) : found;
  if (output === 'json' || output === 'yaml') await printObject(kit, channel, output);
  else kit.print(statusView(channel, kit.view()));
  const stalled = findCondition(channel.status?.conditions, 'Stalled');
  if (stalled !== undefined) throw new CommandError(stalled.message);
}

export async function plan(kit: Kit, name: string, { output }: OutputOptions): Promise<void> {
  const channel = await getChannel(kit, name);
  const stacks = await kit.cluster.list(stackKind, {}, kit.call);
  const rows = planRows(
    channel,
    planChannel(channel, stacks, { now: kit.surroundings.now(), windows: new KnownWindows() }),
  );
  if (output === 'json' || output === 'yaml')
    return await printObject(kit, { channel: name, version: channel.spec.version, stacks: rows }, output);
  if (rows.length === 0) return kit.surroundings.note(`no stack follows channel ${name} (spec.channelRef)`);
  kit.print(planView(rows, kit.view()));
}

export async function setPaused(kit: Kit, name: string, paused: boolean): Promise<void> {
  const { note } = kit.surroundings;
  if (!(await writePaused(kit, name, paused)))
    return note(paused ? `${name} is paused already` : `${name} is not paused`);
  note(
    paused
      ? `${name} is paused: nothing new begins; what was begun is carried through. If it comes from a repository, write spec.paused there, too.`
      : `${name} goes on. If it comes from a repository, write spec.paused there, too.`,
  );
}

/** @returns false if it is so already */
async function writePaused(kit: Kit, name: string, paused: boolean): Promise<boolean> {
  return await despiteChanges(name, async () => {
    const channel = await getChannel(kit, name);
    if (channel.spec.paused === paused) return false;
    await kit.cluster.replace(channelKind, { ...channel, spec: { ...channel.spec, paused } }, kit.call);
    return true;
  });
}

/** @throws {CommandError} that names the channels there are */
async function getChannel({ cluster, call }: Kit, name: string): Promise<JtelChannel> {
  requireName(name, 'CHANNEL');
  const channel = await cluster.find(channelKind, { namespace: '', name }, call);
  if (channel !== undefined) return channel;
  const all = await cluster.list(channelKind, {}, call);
  const there =
    all.length === 0 ? 'there is none' : `there are ${all.map(({ metadata }) => metadata.name).join(', ')}`;
  throw new CommandError(`there is no JtelChannel ${name}: ${there}`);
}
