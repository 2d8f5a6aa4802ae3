/** The words for everything that the planner of restores decides and finds; pure. Nobody else makes sentences of it. */

import { annotations, type JtelRestore } from '../../../crds/index.ts';
import { describeCarriedOut } from '../../loading/restore-orders.ts';
import type { HostOwner } from '../../hosts/host-owner.ts';
import { scratchProject } from '../../hosts/scratch-project.ts';
import type { Ahead } from '../observe/observed.ts';
import type { Action, Plan } from '../plan/actions.ts';
import type { Facts, FailedJob } from '../plan/findings.ts';
import { describeBackup, describeCheck } from './checks.ts';

/** Of the message of another request, in characters. */
const longestQuote = 400;

const failures: Readonly<Record<FailedJob['type'], string>> = {
  Restore: 'The backup could not be restored',
  Count: 'What was restored could not be read',
  Smoke: 'The restored stack could not be asked',
};

export function describePlan(plan: Plan, restore: JtelRestore): string {
  switch (plan.kind) {
    case 'LetGo':
      return '';
    case 'CreateBackup':
      return `making backup ${plan.name} of what is there`;
    case 'Act':
      return describeWave(plan.wave, scratchProject(restore));
    default:
      return describe(plan.facts);
  }
}

export function describe(facts: Facts): string {
  switch (facts.is) {
    case 'Told':
      return facts.message;
    case 'Check':
      return describeCheck(facts.facts);
    case 'NoStack':
      return `JtelStack ${facts.stack} does not exist in this namespace: create it.`;
    case 'StackDeleting':
      return `JtelStack ${facts.stack} is being deleted; nothing was touched.`;
    case 'Ahead':
      return describeAhead(facts.ahead, facts.namespace);
    case 'Suspended':
      return `JtelStack ${facts.stack} is suspended: nothing is done until spec.suspend is false.`;
    case 'OnlyObserved':
      return `JtelStack ${facts.stack} is only observed: nothing is done until spec.managementMode is Manage.`;
    case 'Stopped':
      return `JtelStack ${facts.stack} is stopped: set spec.powerState to Running, and it is restored and started.`;
    case 'Moving':
      return facts.message === undefined
        ? `JtelStack ${facts.stack} is being moved to another host: it is restored when it has arrived.`
        : `JtelStack ${facts.stack} is to be moved to another host first, and that does not go on: ${facts.message}`;
    case 'HostNotReady':
      return `Waiting for the host of JtelStack ${facts.stack}: ${facts.message ?? 'it was not looked at yet.'}`;
    case 'NotChecked':
      return 'Not checked yet.';
    case 'Untouched':
      return `${describe(facts.because)} Nothing was touched.`;
    case 'NotBegun':
      return `It could not begin within ${facts.withinSeconds / 60} minutes, and nothing was touched: ${describe(facts.because)} Once that is in order, create another JtelRestore.`;
    case 'Expired':
      return `This order had to begin by ${facts.notAfter} (spec.notAfter), and it did not. Nothing was touched. If it is still wanted, create another JtelRestore with a later notAfter.`;
    case 'AllChecked':
      return 'Everything is checked; the stack is loaded now.';
    case 'WouldRestore':
      return describeWouldRestore(facts);
    case 'WouldUndo':
      return `Nothing was touched. Execute would stop ${facts.stack}, switch back to ${sourceOf(facts)} and start it. ${since(facts)}`;
    case 'Undoes':
      return `The stack is switched back to ${sourceOf(facts)}. ${since(facts)}`;
    case 'UndoNotPossible':
      return describeNoUndo(facts);
    case 'BackupRuns': {
      const { backup, progress, message = 'not begun yet' } = facts;
      return `Waiting for backup ${backup} of what is there${progress === undefined ? '' : ` (${progress})`}: ${message}`;
    }
    case 'BackupFailed':
      return `The backup of what is there (${facts.backup}) failed, so nothing was touched: ${facts.message ?? 'see its status'} Set preRestoreBackup to Skip to restore without it.`;
    case 'CarriedOut':
      return describeCarriedOut(facts.order);
    case 'StackGone':
      return `JtelStack ${facts.stack} was deleted while ${facts.restore} was loaded into it. The data on its host are incomplete.`;
    case 'StackNotBegun':
      return `Waiting for JtelStack ${facts.stack} to begin.`;
    case 'Restored':
      return describeRestored(facts);
    case 'OrderFailed':
      return facts.dataIncomplete
        ? `${facts.message} The stack is stopped, because its data are incomplete: restore another backup with ifNotEmpty Replace and preRestoreBackup Skip.`
        : `${facts.message} Nothing was overwritten, and the stack goes on as it was.`;
    case 'StackGoneInTest':
      return `JtelStack ${facts.stack} was deleted while its backup was tested on ${facts.address}.`;
    case 'NoDrillTurn':
      return `JtelDrill ${facts.drill} has not asked for this test: a drill asks for its tests itself. Create a JtelRestore with test.host, or without test.`;
    case 'ForeignTestHost':
      return `test.host is ${describeOwner(facts.owner)}. Nothing was sent there. Name a host that nobody else uses, or leave test.host out: then the test runs beside the stack.`;
    case 'ScratchNotLookedAt':
      return 'The scratch project was not looked at yet.';
    case 'ScratchLeft':
      return `The scratch project ${facts.project} cannot be removed: ${facts.message} To let it go, annotate the JtelRestore with ${annotations.abandonHost}=true.`;
    case 'Loads':
      return `restoring into ${facts.project}: ${facts.step}, ${facts.percent} %`;
    case 'DatabaseStarts':
      return `waiting for ${facts.service} of ${facts.project}`;
    case 'Counts':
      return 'counting what was restored';
    case 'ManifestNotRead':
      return 'The manifest was not read yet.';
    case 'TriedAgain':
      return `${describe(facts.because)} It is tried again in ${facts.inSeconds} s.`;
    case 'JobFailed':
      return `${failures[facts.job.type]}: ${saidBy(facts.job)}`;
    case 'DatabaseNotUp':
      return `${facts.service} does not stay up on the restored data.`;
    case 'DatabaseNotHealthy':
      return `${facts.service} did not become healthy on the restored data.`;
    case 'Differs':
      return `What was restored is not what was backed up: ${facts.differences.slice(0, 5).join('; ')}.`;
    case 'ServiceStarts':
      return `waiting for ${facts.service} of ${facts.project}`;
    case 'Asks':
      return 'asking the smoke checks of the release';
    case 'ServiceNotUp':
      return `${facts.service}, which smoke checks ask, does not stay up on the restored data.`;
    case 'ServiceNotHealthy':
      return `${facts.service}, which smoke checks ask, did not become healthy on the restored data.`;
    case 'SmokeFailed':
      return `Smoke checks of the release failed on the restored data: ${facts.failures.slice(0, 5).join('; ')}.`;
    case 'Matches': {
      const { seconds, summary, checks } = facts;
      const asked = checks === 0 ? '' : `, ${checks} smoke ${checks === 1 ? 'check' : 'checks'} passed`;
      return `Restored, started and counted in ${seconds} s: ${summary}${asked}.`;
    }
  }
}

/** Who asks need not know which customers there are. */
function describeOwner(owner: HostOwner): string {
  return owner.kind === 'JtelStack' ? 'the host of another stack' : `a host of JtelDrill ${owner.name}`;
}

/** What a wave is about to do: its first action says it, but for taking the host. */
function describeWave(wave: readonly Action[], project: string): string {
  const first = wave.find(({ type }) => type !== 'ClaimHost');
  switch (first?.type) {
    case 'SetUpHost':
      return 'setting up the host of the test';
    case 'WriteRelease':
    case 'PullImages':
    case 'StartRestore':
      return `restoring into ${project}`;
    case 'StartDatabase':
      return `starting ${first.service} of ${project}`;
    case 'StartCount':
      return 'counting what was restored';
    case 'StartStack':
      return `starting what smoke checks ask in ${project}`;
    case 'StartSmoke':
      return 'asking the smoke checks of the release';
    case 'RemoveJob':
      return `trying again: ${saidBy(first.job)}`;
    case 'DestroyScratch':
      return `removing ${project}`;
    case 'ClaimHost':
    case undefined:
      return '';
  }
}

function saidBy({ message, exitCode }: FailedJob): string {
  return message ?? `exit code ${exitCode ?? 'unknown'}`;
}

function describeAhead({ name, phase, since: begun, message = '' }: Ahead, namespace: string): string {
  const wayOn = `If ${name} is not wanted any more, delete it and this one goes on: kubectl delete jtelrestore ${name} -n ${namespace}`;
  const says = message === '' ? '' : ` It says: ${message.slice(0, longestQuote)}`;
  return `JtelRestore ${name} of the same stack came first; it is ${phase} since ${begun}. ${wayOn}.${says}`;
}

function describeWouldRestore(facts: Extract<Facts, { is: 'WouldRestore' }>): string {
  const { stack, backupFirst, way, keepHours, manifest } = facts;
  const ways: Readonly<Record<typeof way, string>> = {
    Load: 'load the backup and start the stack',
    InPlace: `stop ${stack}, overwrite its data in place, and start it`,
    Beside: `load the backup beside the data in use while ${stack} serves, then stop it, switch to it and start it; the data from before are kept for ${keepHours} hours`,
  };
  const first = backupFirst ? 'make a backup of what is there, ' : '';
  const figures = manifest === undefined ? '' : describeBackup(manifest);
  return `Nothing was touched. Execute would ${first}${ways[way]}. ${figures}`;
}

type Undo = Extract<Facts, { is: 'WouldUndo' | 'Undoes' }>;

function sourceOf({ source = 'the data from before' }: Undo): string {
  return source;
}

function since({ switchTime = 'then' }: Undo): string {
  return `What was written since ${switchTime} is not in them; the data in use now are kept in their place.`;
}

function describeNoUndo({ restoreUID, previous }: Extract<Facts, { is: 'UndoNotPossible' }>): string {
  const what =
    previous === undefined
      ? 'there are no data from before a restore'
      : `the data from before belong to the restore with uid ${previous.restoreUID}, kept until ${previous.untilTime}`;
  return `The restore with uid ${restoreUID} cannot be undone: ${what}. Nothing was touched; a backup brings older data back.`;
}

function describeRestored(facts: Extract<Facts, { is: 'Restored' }>): string {
  const { stack, undone, source = 'The backup', downtimeSeconds, previousUntilTime } = facts;
  const what = undone ? `${source} is in use again` : `${source} is restored`;
  const down = downtimeSeconds === undefined ? '' : ` It was down for ${downtimeSeconds} s.`;
  const back =
    previousUntilTime === undefined ? '' : ` Until ${previousUntilTime}: kubectl jtel restore undo ${stack}.`;
  return `${what} and the stack is healthy.${down}${back}`;
}
