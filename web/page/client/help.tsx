/** The keys, and what the signs mean. */
import { useSignalEffect } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { Verdict } from '../../protocol.ts';
import { isHelpOpen, Mark, Strip, verdictWords } from './parts.tsx';
import { about } from './state.ts';

const keys: readonly (readonly [keys: readonly string[], what: string])[] = [
  [['j', 'k'], 'next and previous row'],
  [['Enter'], 'open the row'],
  [['Esc'], 'back; empty the filter'],
  [['/'], 'filter'],
  [['g'], 'all stacks'],
  [['s'], 'stores'],
  [['t'], 'exact times'],
  [['d'], 'light or dark'],
  [['?'], 'this help'],
];

const verdicts: readonly Verdict[] = ['Bad', 'Unknown', 'Busy', 'Good', 'Neutral'];
const letters: readonly (readonly [letter: string, what: string])[] = [
  ['v', 'a backup, verified'],
  ['o', 'a backup, not verified'],
  ['d', 'a doubtful backup'],
  ['r', 'one is running'],
  ['f', 'failed'],
  ['n', 'none'],
  ['?', 'not known here'],
];

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  useSignalEffect(() => {
    if (isHelpOpen.value) dialog.current?.showModal();
    else dialog.current?.close();
  });
  return (
    <dialog ref={dialog} aria-label="Keys and help" onClose={() => (isHelpOpen.value = false)}>
      <div class="columns">
        <dl>
          {keys.map(([names, what]) => (
            <div key={what}>
              <dt>
                {names.map((name) => (
                  <kbd key={name}>{name}</kbd>
                ))}
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <dl>
          {verdicts.map((verdict) => (
            <div key={verdict}>
              <dt>
                <Mark verdict={verdict} />
              </dt>
              <dd>{verdictWords[verdict]}</dd>
            </div>
          ))}
          {letters.map(([letter, what]) => (
            <div key={letter}>
              <dt>
                <Strip strip={{ days: letter, lastDay: '' }} />
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
      </div>
      <p class="faint">
        This page only shows. What can be done is a command to copy, for your own terminal.
        {about.value === undefined ? '' : ` Version ${about.value.version}.`}
      </p>
      <button type="button" onClick={() => (isHelpOpen.value = false)}>
        Close
      </button>
    </dialog>
  );
}
