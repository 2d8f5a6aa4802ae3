import { Command, Option } from 'commander';
import { expect, it } from 'vitest';
import { manualPage } from './manual-page.ts';

const page = {
  name: 'kubectl-x',
  version: '1.2.3',
  time: new Date('2026-11-29T23:59:59Z'),
  environment: [],
  files: [],
  seeAlso: 'kubectl(1)',
};

it('has the sections that people look for', () => {
  const program = new Command('kubectl x').description('looks after x');
  program
    .command('show')
    .description('show it')
    .argument('<X>', 'name of the x')
    .option('-w, --watch', 'go on');
  expect(manualPage(program, page).split('\n')).toEqual(
    expect.arrayContaining([
      String.raw`.TH "KUBECTL\-X" 1 "2026\-11\-29" "kubectl\-x 1.2.3" "User Commands"`,
      String.raw`kubectl\-x \- looks after x`,
      '.SS "kubectl x show [options] <X>"',
      '.I X',
      String.raw`.B \-w, \-\-watch`,
    ]),
  );
});

it('says what an option may be, is by default, and which variable stands for it', () => {
  const program = new Command('x').description('does x');
  const level = new Option('--level <level>').choices(['low', 'high']).default('low').env('X_LEVEL');
  program.command('run').description('run it').addOption(level);
  const text = manualPage(program, page);
  expect(text).toContain('low, high (default: low)');
  expect(text).toContain(String.raw`.B X_LEVEL`);
});

it.each([
  ['.SH not a section', String.raw`\&.SH not a section`],
  [String.raw`a \fBbold\fR word`, String.raw`a \efBbold\efR word`],
  ['\'quoted\' and "so"', String.raw`\(aqquoted\(aq and \(dqso\(dq`],
  ['~/.kube and `code`', String.raw`\(ti/.kube and \(gacode\(ga`],
])('takes %s as text', (given, written) => {
  const program = new Command('x').description('does x').addHelpText('after', `\n${given}`);
  expect(manualPage(program, page).split('\n')).toContain(written);
});
