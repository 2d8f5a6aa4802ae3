/** The words for a stack's host, its life and its upkeep; pure. */

import { sentence } from '../../../../base/sentence.ts';
import { annotations } from '../../../../crds/index.ts';
import type { LifeFacts } from '../../findings.ts';
import { describeAll, describeDrift } from './containers.ts';
import type { Sentences } from './table.ts';

export const lifeSentences: Sentences<LifeFacts> = {
  OtherMachine: ({ address, found, known }) =>
    `${address} is now machine ${found}, but this stack runs on machine ${known}: nothing is touched. ` +
    'Bring that machine back; to move the stack to this one, give spec.host its own address or host keys.',
  OtherOwner: ({ owner: { namespace, name, clusterID } }) =>
    `The host's directory of this stack belongs to ${namespace}/${name} of cluster ${clusterID}: nothing is touched. ` +
    'Use another host, or delete that stack there first.',
  StatusOlder: ({ stack: { name, namespace }, address, change: { kind, time, address: to }, known }) => {
    const knows = known === undefined ? 'knows of no change there' : `knows of none since ${known}`;
    const what =
      kind === 'Moved'
        ? `${address} says that the stack was moved to ${to} at ${time}, and its status knows of no such move`
        : `${address} was configured anew at ${time}, and the status of the stack ${knows}`;
    return (
      `${what}: this object is older than its host, as after etcd was brought back from a snapshot. Nothing is changed there. ` +
      (kind === 'Moved'
        ? `If it runs at ${to}, do not start it here: see docs/runbooks/JtelStackOlderThanHost.md. `
        : 'Apply the newest manifest; if it is what runs there, the operator goes on by itself. ') +
      `To see the difference and consent to the spec as it stands: kubectl jtel consent ${name} -n ${namespace}`
    );
  },
  SettingUpHost: () => 'setting the host up',
  StoppingContainers: ({ containers }) => `stopping ${containers} containers`,
  CorrectingDrift: ({ drift }) => `correcting drift: ${drift.map((one) => describeDrift(one)).join(', ')}`,
  UpdatingDatabase: ({ message }) => message,
  WaitingForHealth: ({ unwell }) => `waiting for ${describeAll(unwell)}`,
  RenewingCertificate: () => 'renewing the self-signed certificate',
  CleaningUp: () => 'cleaning up',
  LettingGo: ({ because }) =>
    ({
      CleanedUp: 'letting the object go: its host was dealt with',
      Orphan: 'letting the stack go: it keeps running',
      Abandoned: 'letting an abandoned host go',
      NothingThere: 'nothing of this stack is on the host',
    })[because],
  DestroyNeedsConsent: ({ stack: { name, namespace }, uid }) =>
    `Destroying the stack needs consent: kubectl annotate jtelstack ${name} -n ${namespace} ` +
    `${annotations.confirmDestroy}=${uid}, or set spec.deletionPolicy to Orphan or Stop.`,
  CannotCleanUp: ({ message, secretGone, stack: { name, namespace }, address, done }) =>
    `${done === undefined ? 'The host' : `On ${done} nothing is left to do. Host ${address}`} cannot be cleaned up: ${sentence(message)}${secretGone ? ' If the namespace is being deleted, that cannot be done any more.' : ''} To let the object go without that: ` +
    `kubectl annotate jtelstack ${name} -n ${namespace} ${annotations.abandonHost}=true; what runs on ${address} runs on then, until it is stopped there.`,
  EndingBackups: ({ backups }) => `waiting for ${backups.join(', ')} to end`,
  StoppingStack: () => 'stopping the stack',
  DestroyingStack: () => 'destroying the stack',
};
