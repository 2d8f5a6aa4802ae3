/** From a settled look to the status. */
import type { JtelChannel, JtelStackStatus, StackChannel } from '../../crds/index.ts';
import type { SettledLook } from '../../runtime/control/wave-controller.ts';
import { projectName } from '../hosts/project.ts';
import { optional } from '../../base/optional.ts';
import type { Progress } from './act/execute.ts';
import { isPaused, type Activity } from './model.ts';
import { updateProgress } from './plan/stages/running.ts';
import { followChannel, withChannel } from './report/channel.ts';
import { currentOperation } from './report/operation.ts';
import { isPast } from './report/readiness.ts';
import { summarise } from './report/status.ts';
import { recordStep, type StackTypes } from './wave-types.ts';

/** @param channelOf the channel of that name, as last heard */
export function summariseLook(
  look: SettledLook<StackTypes>,
  clusterID: string,
  channelOf: ((name: string) => JtelChannel | undefined) | undefined,
): JtelStackStatus {
  return withChannel(statusOf(look, clusterID), channelAfter(look, channelOf));
}

function statusOf(look: SettledLook<StackTypes>, clusterID: string): JtelStackStatus {
  const { key, object: stack, seen, plan: planned, due, memory, found, now } = look;
  // That a spec is recorded is no work on the stack: it stands as if nothing ran.
  const running = look.running?.name === recordStep ? undefined : look.running;
  const { failure } = memory;
  const common = {
    ...seen.held,
    stack,
    clusterID,
    observed: seen.observed,
    plan: planned,
    now,
    ...(running === undefined ? {} : { activity: toActivity(running.name, running.progress, look) }),
    ...(running !== undefined || due || failure === undefined || isPast(failure, planned) ? {} : { failure }),
  };
  const operation =
    isPaused(stack) && running === undefined
      ? undefined
      : currentOperation({
          ...common,
          newID: found.operationID,
          ...optional({ epoch: found.epoch }),
        });
  return {
    ...summarise({ ...common, operation, ...optional({ changeNumber: found.changeNumber }) }),
    keptSecrets: [...found.keptSecrets],
    project: projectName(key.namespace, key.name),
  };
}

function channelAfter(
  { object: stack, seen, plan: planned, running, due, now }: SettledLook<StackTypes>,
  channelOf: ((name: string) => JtelChannel | undefined) | undefined,
): StackChannel | undefined {
  const name = stack.spec.channelRef?.name;
  return followChannel({
    stack,
    channel: name === undefined ? undefined : channelOf?.(name),
    plan: planned,
    ...optional({ objection: seen.held.objection }),
    observed: seen.observed,
    isActing: running !== undefined || due,
    now,
  });
}

function toActivity(
  name: string,
  progress: Progress | undefined,
  { seen }: SettledLook<StackTypes>,
): Activity {
  // docker compose waits for it and says nothing meanwhile.
  const update = updateProgress(seen.observed, seen.held.desired);
  if (update !== undefined) return update;
  const { message = name, percent } = progress ?? {};
  return { message, ...optional({ progressPercent: percent }) };
}
