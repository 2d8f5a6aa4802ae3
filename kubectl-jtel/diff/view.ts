/** Compares two texts line by line, as `diff -u` does. */
import { type Paint } from '../view/paint.ts';
import { printable } from '../../base/printable.ts';

type Step = { readonly kind: ' ' | '-' | '+'; readonly line: string };

const contextLines = 3;

/**
 * The shortest way from one list of lines to the other. Specs have hundreds of lines, so a table of both is
 * small.
 */
function lineSteps(before: readonly string[], after: readonly string[]): readonly Step[] {
  const common = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1));
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      const here = common[i] as Uint32Array;
      const below = common[i + 1] as Uint32Array;
      here[j] = before[i] === after[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, here[j + 1] ?? 0);
    }
  }
  const steps: Step[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      steps.push({ kind: ' ', line: before[i] ?? '' });
      i += 1;
      j += 1;
    } else if (
      j >= after.length ||
      (i < before.length && (common[i + 1]?.[j] ?? 0) >= (common[i]?.[j + 1] ?? 0))
    ) {
      steps.push({ kind: '-', line: before[i++] ?? '' });
    } else {
      steps.push({ kind: '+', line: after[j++] ?? '' });
    }
  }
  return steps;
}

/** @returns nothing if both are the same. */
export function diffView(
  before: { readonly title: string; readonly text: string },
  after: { readonly title: string; readonly text: string },
  paint: Paint,
): string[] {
  const steps = lineSteps(linesOf(before.text), linesOf(after.text));
  if (steps.every(({ kind }) => kind === ' ')) return [];
  const near = steps.map((_, index) =>
    steps.slice(Math.max(0, index - contextLines), index + contextLines + 1).some(({ kind }) => kind !== ' '),
  );
  const body: string[] = [];
  let [oldLine, newLine] = [1, 1];
  for (const [index, { kind, line }] of steps.entries()) {
    if (near[index] === true) {
      if (near[index - 1] !== true) body.push(paint('cyan', `@@ -${oldLine} +${newLine} @@`));
      body.push(
        paint(
          kind === '-' ? 'red' : kind === '+' ? 'green' : undefined,
          `${kind} ${printable(line)}`.trimEnd(),
        ),
      );
    }
    if (kind !== '+') oldLine += 1;
    if (kind !== '-') newLine += 1;
  }
  return [paint('bold', `--- ${before.title}`), paint('bold', `+++ ${after.title}`), ...body];
}

function linesOf(text: string): string[] {
  return text.replace(/\n$/, '').split('\n');
}
