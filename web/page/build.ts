/**
 * Makes the files of the page from its sources: TSX bundled by rolldown, and one style sheet. A checkout does it when the
 * page is asked for the first time, in a fifth of a second. A bundled program has the files inside (images/bundle.ts),
 * because it has neither the sources nor rolldown.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const sources = join(import.meta.dirname, 'client');
/** In the order in which later rules win. */
const styleSheets = ['base.css', 'frame.css', 'fleet.css', 'stack.css'];

/**
 * Names with the text of each file. All but `index.html` have a digest of their content in the name, so that browsers may
 * keep them for good. They refer to each other relatively, so the page works under any path.
 *
 * @throws {Error} for every warning of the bundler.
 */
export async function buildPage(): Promise<Readonly<Record<string, string>>> {
  const [script, styles, icon, html] = await Promise.all([
    bundle(),
    style(),
    readFile(join(sources, 'icon.svg'), 'utf8'),
    readFile(join(sources, 'index.html'), 'utf8'),
  ]);
  const names = {
    script: named('page', 'js', script),
    styles: named('page', 'css', styles),
    icon: named('icon', 'svg', icon),
  };
  const page = html
    .replace('{{script}}', names.script)
    .replace('{{styles}}', names.styles)
    .replace('{{icon}}', names.icon);
  return { 'index.html': page, [names.script]: script, [names.styles]: styles, [names.icon]: icon };
}

function named(name: string, extension: string, text: string): string {
  return `${name}-${createHash('sha256').update(text).digest('hex').slice(0, 12)}.${extension}`;
}

async function bundle(): Promise<string> {
  const whole = await rolldown({
    input: join(sources, 'main.tsx'),
    cwd: sources,
    platform: 'browser',
    tsconfig: join(sources, 'tsconfig.json'),
    // They are warnings about a slow machine, not about the code.
    checks: { bundlerTimings: false },
    onLog: (level, log) => {
      if (level === 'warn') throw new Error(`the page cannot be bundled: ${log.message}`);
    },
  });
  try {
    const { output } = await whole.generate({ format: 'esm', minify: true, codeSplitting: false });
    return output[0].code;
  } finally {
    await whole.close();
  }
}

/** Without comments and indentation; what is left is small once it is compressed. */
async function style(): Promise<string> {
  const texts = await Promise.all(styleSheets.map((name) => readFile(join(sources, name), 'utf8')));
  return texts
    .join('\n')
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/\n\s*/g, '\n')
    .replaceAll(/\n+/g, '\n')
    .trim();
}
