/** Which release a stack begins with that follows a channel, before an operator has told it. */
import { firstRelease, waveOf } from '../controllers/channels/place.ts';
import { channelKind, type JtelStack } from '../crds/index.ts';
import type { Cluster } from '../runtime/client/cluster.ts';
import { failed, type Judgement } from './finding.ts';

/** @returns the stack with that release as spec.version, or why there is none */
export async function asItBegins(
  stack: JtelStack,
  cluster: Pick<Cluster, 'find'>,
  signal: AbortSignal,
): Promise<JtelStack | Judgement> {
  const { channelRef, version } = stack.spec;
  if (channelRef === undefined || version !== '') return stack;
  const { name } = channelRef;
  const channel = await cluster.find(channelKind, { namespace: '', name }, { signal });
  if (channel === undefined)
    return failed(
      `JtelChannel ${name}, which spec.channelRef names, does not exist.`,
      'Correct the name, or apply the channel first.',
    );
  if (waveOf(stack, channel) === undefined)
    return failed(
      `JtelChannel ${name} has no wave for the stack.`,
      'Name one that it has in spec.channelWave, or give the stack labels that one of its waves selects.',
    );
  // Of a new channel each wave begins with its release.
  const first = firstRelease(stack, channel) ?? channel.spec.version;
  return { ...stack, spec: { ...stack.spec, version: first } };
}
