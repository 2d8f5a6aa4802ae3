/** How every stage makes a wave that changes the host, so that none forgets to claim it. */

import type { Action } from '../../actions.ts';
import type { HostObservation, RenderedRelease } from '../../../../host-driver/host.ts';
import type { Facts } from '../../findings.ts';
import type { Verdict, PlanInput, Step } from '../../model.ts';

/** A wave that changes the host: claims it first unless this process holds it already. */
export function act(input: PlanInput, step: Step, actions: readonly Action[], facts: Facts): Verdict {
  const state = input.observed.host.ok ? input.observed.host.value.state : undefined;
  const held =
    state !== undefined &&
    state.epoch === input.identity.heldEpoch &&
    state.owner.uid === input.stack.metadata.uid;
  return {
    kind: 'Act',
    step,
    wave: held ? actions : [{ type: 'ClaimHost', cause: 'HostNotHeld' }, ...actions],
    facts,
  };
}

/** What must be on the host before containers can be started from a release; nothing that is known to be there. */
export function preparations(host: HostObservation, release: RenderedRelease): readonly Action[] {
  const present = host.images === undefined ? undefined : new Set(host.images);
  const complete =
    present !== undefined &&
    release.images.every(({ repository, digest }) => present.has(`${repository}@${digest}`));
  return [
    ...(host.releases.includes(release.digest)
      ? []
      : [{ type: 'WriteRelease', cause: 'ReleaseNotThere' } as const]),
    ...(complete ? [] : [{ type: 'PullImages', cause: 'ImagesNotThere' } as const]),
  ];
}
