/**
 * The release of a stack that follows a channel. Its spec has none; the operator keeps in `status.channel` what the channel
 * said. Everybody reads the stack with that as `spec.version`, so nobody has to know where the release comes from, and nobody
 * writes it into the spec.
 */
import type { JtelStack } from './generated/types.ts';

/** As the rest of the code knows it. Without a word of its channel, the release that runs is wanted. */
export function asRead(stack: JtelStack): JtelStack {
  const { spec } = stack;
  return spec.channelRef === undefined ? stack : { ...stack, spec: { ...spec, version: versionOf(stack) } };
}

/** As the API server has it. Another release than that is left to be refused. */
export function asWritten(stack: JtelStack): JtelStack {
  const { spec } = stack;
  return spec.channelRef === undefined || spec.version !== versionOf(stack)
    ? stack
    : { ...stack, spec: { ...spec, version: '' } };
}

function versionOf({ status }: JtelStack): string {
  return status?.channel?.version ?? status?.version ?? '';
}
