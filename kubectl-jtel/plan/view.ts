/** Puts a forecast into words. */
import { reasons } from '../../crds/index.ts';
import type { ServiceChange } from './changes.ts';
import type { Forecast } from './forecast.ts';
import type { Colour } from '../view/paint.ts';
import { table } from '../view/table.ts';
import type { ViewContext } from '../view/view.ts';
import { hanging, wrap } from '../../command-line/wrap.ts';

export function planView(forecast: Forecast, context: ViewContext): string[] {
  const { paint } = context;
  const { runs, wants } = forecast;
  const version =
    runs === undefined
      ? `nothing runs yet, the spec wants ${wants.version}`
      : runs.version === wants.version
        ? `runs ${runs.version}`
        : `runs ${runs.version}, the spec wants ${wants.version}`;
  return [
    `${paint('bold', forecast.stack)}  ${version}`,
    ...objection(forecast, context),
    '',
    ...next(forecast, context),
    ...forecast.obstacles.flatMap(({ reason, message }) => [
      '',
      ...explained(`A later step will fail (${reason}):`, message, reason, 'red', context),
    ]),
    ...changes(forecast, context),
    ...(forecast.paused === undefined
      ? []
      : [
          '',
          paint(
            'yellow',
            forecast.paused === 'Suspended'
              ? 'spec.suspend is true: the operator does none of this.'
              : 'spec.managementMode is Observe: the operator does none of this.',
          ),
        ]),
    '',
    paint('dim', 'Nothing was changed.'),
  ];
}

function objection({ objection: found }: Forecast, context: ViewContext): string[] {
  return found === undefined
    ? []
    : [
        '',
        ...explained(
          `The operator cannot begin with this spec (${found.reason}), so it keeps the last good one running:`,
          found.message,
          found.reason,
          'red',
          context,
        ),
      ];
}

function next(
  { kind, message = '', reason, actions, objection: told }: Forecast,
  context: ViewContext,
): string[] {
  const { paint, width } = context;
  // If the last good spec has nothing to do either, the obstacle of this one says it all.
  if (told?.message === message) return ['What runs matches that one.'];
  switch (kind) {
    case 'Done':
      return [`${paint('green', '✔')} Everything matches the spec: there is nothing to do.`];
    case 'Wait':
      return explained(`The operator waits (${reason ?? ''}):`, message, reason, 'yellow', context);
    case 'Blocked':
      return explained(`The operator cannot continue (${reason ?? ''}):`, message, reason, 'red', context);
    case 'Act':
      return [
        ...wrap(`The operator’s next step: ${message}`, width),
        ...actions.flatMap(({ description, cause }, index) => {
          const why =
            cause === actions[index - 1]?.cause ? [] : hanging('     ', 5, `because ${cause}`, width);
          return [
            ...hanging(`  ${paint('cyan', `${index + 1}.`)} `, 5, description, width),
            ...why.map((line) => paint('dim', line)),
          ];
        }),
        paint('dim', '  then it looks again and plans the next step'),
      ];
  }
}

function explained(
  head: string,
  message: string,
  reason: Forecast['reason'],
  colour: Colour,
  { paint, width }: ViewContext,
): string[] {
  const meaning = reason === undefined ? [] : hanging('  ', 2, reasons[reason], width);
  return [
    ...wrap(head, width).map((line) => paint(colour, line)),
    ...hanging('  ', 2, message, width),
    ...meaning.map((line) => paint('dim', line)),
  ];
}

const signs: Readonly<
  Record<ServiceChange['change'], { readonly sign: string; readonly colour: Colour; readonly words: string }>
> = {
  Added: { sign: '+', colour: 'green', words: 'new' },
  Removed: { sign: '-', colour: 'red', words: 'removed' },
  Recreated: { sign: '~', colour: 'yellow', words: 'recreated' },
};

function changes({ changes: found, setUp, runs }: Forecast, { paint, width }: ViewContext): string[] {
  const host = setUp ? ['', 'The host is set up (packages, firewall, DNS, time zone).'] : [];
  if (found === 'Unknown')
    return [
      ...host,
      '',
      'Which containers change is unknown: what runs was made from a spec or release that no longer exists.',
    ];
  if (found.length === 0) return host;
  const head =
    runs === undefined ? 'New containers:' : 'Containers that change; all others stay as they are:';
  const rows = found.map(({ service, change, because }) => {
    const { sign, colour, words } = signs[change];
    return [{ text: sign, colour }, { text: service, colour: 'bold' as const }, words, because.join(', ')];
  });
  return [
    ...host,
    '',
    head,
    ...table([{ title: '' }, { title: '' }, { title: '' }, { title: '', flexible: 'Shorten' }], rows, {
      paint,
      width,
      indent: 2,
    }).slice(1),
  ];
}
