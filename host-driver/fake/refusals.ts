/** The refusals of script/host.sh, in its order. */
import type { Fence } from '../host.ts';
import { ownerDigest } from '../state.ts';
import { valid, validInteger } from '../values.ts';
import type { FakeMachine, FakeProject } from './machine.ts';

/** @throws HostError, InvalidValue */
export function fenced(machine: FakeMachine, project: string, fence: Fence): FakeProject {
  validInteger('epoch', fence.epoch, 0, Number.MAX_SAFE_INTEGER);
  if (!machine.facts.canSudo) throw machine.error('SudoRefused', 'sudo refuses');
  const found = machine.projects.get(valid('project', project));
  if (found === undefined) throw machine.error('Fenced', `nobody claimed ${project}`);
  if (found.machineID !== machine.facts.machineID)
    throw machine.error('MachineChanged', `${project} was claimed on ${found.machineID}`);
  if (ownerDigest(found.owner) !== ownerDigest(fence.owner))
    throw machine.error(
      'HostOwned',
      `${project} belongs to stack ${found.owner.namespace}/${found.owner.name} (uid ${found.owner.uid})`,
    );
  if (fence.epoch < found.epoch)
    throw machine.error('Fenced', `epoch ${fence.epoch} is older than ${found.epoch}`);
  found.epoch = fence.epoch;
  return found;
}

/** @throws HostError, InvalidValue */
export function newProject(machine: FakeMachine, project: string, fence: Fence): void {
  validInteger('epoch', fence.epoch, 0, Number.MAX_SAFE_INTEGER);
  if (!machine.facts.canSudo) throw machine.error('SudoRefused', 'sudo refuses');
  needDisk(machine, 'the claim');
  machine.projects.set(project, {
    owner: fence.owner,
    epoch: fence.epoch,
    machineID: machine.facts.machineID,
    state: undefined,
    releases: new Map(),
    current: undefined,
    containers: new Map(),
    volumes: new Map(),
    failures: new Set(),
  });
}

/** @throws HostError Moved */
export function refuseMoved(machine: FakeMachine, found: FakeProject, project: string): void {
  if (found.state?.moved !== undefined)
    throw machine.error('Moved', `${project} was moved to ${found.state.moved.address}`);
}

/** @throws HostError DiskFull */
export function needDisk(machine: FakeMachine, what: string): void {
  if (machine.diskFull) throw machine.error('DiskFull', `no disk space left for ${what}`);
}

/** @throws HostError DockerUnavailable */
export function needDocker(machine: FakeMachine): void {
  if (machine.facts.dockerVersion === undefined)
    throw machine.error('DockerUnavailable', 'no Docker daemon answers');
}
