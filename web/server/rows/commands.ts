/** Commands of `kubectl jtel` for a person to copy. Names come from outside, so each word is quoted for a shell. */
import type { JtelStack } from '../../../crds/index.ts';
import { needsOlderData } from '../../../insight/way-back.ts';
import type { CopyCommand } from '../../protocol.ts';

/** Where the commands have to look. */
export interface CommandPlace {
  /** Of the kubeconfig; absent if the person is to use the current one. */
  readonly context?: string | undefined;
  readonly namespace: string;
}

export function copyCommand(
  purpose: string,
  { context, namespace }: CommandPlace,
  words: readonly string[],
): CopyCommand {
  const place = ['-n', namespace, ...(context === undefined ? [] : ['--context', context])];
  return { purpose, command: ['kubectl', 'jtel', ...words, ...place].map(quoted).join(' ') };
}

/** What to do next with a stack, the most useful first. */
export function commandsFor(stack: JtelStack, place: CommandPlace): CopyCommand[] {
  const { metadata, spec, status = {} } = stack;
  const of = (purpose: string, ...words: string[]): CopyCommand => copyCommand(purpose, place, words);
  const { name } = metadata;
  const { revision, version, backupRef } = status.rollback ?? {};
  const point = backupRef === undefined && needsOlderData(stack, version) ? undefined : revision;
  return [
    of('explain its state', 'status', name, '-o', 'wide'),
    of('show what the operator would do next', 'plan', name),
    ...(status.hostChange?.unknown === undefined
      ? []
      : [of('see what would change on the newer host, and consent', 'consent', name)]),
    ...(status.operation === undefined ? [] : [of('follow what is under way', 'status', name, '-w')]),
    ...(point === undefined
      ? []
      : [
          of(
            `go back to ${version ?? 'the release before'}`,
            'rollback',
            name,
            '--to',
            String(point),
            ...(backupRef === undefined ? [] : ['--restore-data']),
          ),
        ]),
    ...(spec.backup === undefined
      ? []
      : [
          of('back it up now', 'backup', 'create', name),
          of('list its backups in the store', 'backup', 'list', name),
        ]),
    of('show its history', 'history', name),
    of('open it in the browser', 'open', name),
  ];
}

function quoted(word: string): string {
  return /^[\w.:/@=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
