/** `kubectl jtel` in this process, with a terminal or a pipe that a test reads. */
import { PassThrough, Readable } from 'node:stream';
import { runPlugin } from '../../kubectl-jtel/program.ts';
import type { Surroundings } from '../../kubectl-jtel/surroundings.ts';

export interface PluginRun {
  readonly code: number;
  /** Results. */
  readonly out: string;
  /** Progress, warnings, errors. */
  readonly err: string;
}

export interface PluginOptions {
  readonly kubeconfig?: string;
  readonly namespace?: string;
  /** A terminal with this many columns; left out: a pipe. */
  readonly columns?: number;
  /** What a person types when asked; left out: nobody is there. */
  readonly answer?: string;
  /** Happens while the person thinks. */
  readonly beforeAnswer?: () => Promise<void>;
  readonly input?: string | Readable;
  readonly signal?: AbortSignal;
  readonly environment?: Readonly<Record<string, string>>;
  readonly now?: Date;
  /** Called with everything printed so far, each time there is more. */
  readonly onOutput?: (text: string) => void;
  /** The same, of progress, warnings and errors. */
  readonly onNote?: (text: string) => void;
}

export async function kubectlJtel(argv: readonly string[], options: PluginOptions = {}): Promise<PluginRun> {
  const {
    columns,
    answer,
    input = '',
    signal = new AbortController().signal,
    environment = {},
    now,
  } = options;
  let [out, err] = ['', ''];
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
    options.onOutput?.(out);
  });
  stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
    options.onNote?.(err);
  });
  const answering = async (question: string): Promise<string> => {
    stderr.write(`${question}\n`);
    await options.beforeAnswer?.();
    return answer ?? '';
  };
  const surroundings: Surroundings = {
    print: (line) => void stdout.write(`${line}\n`),
    note: (line) => void stderr.write(`${line}\n`),
    signal,
    environment,
    stdin: typeof input === 'string' ? Readable.from([Buffer.from(input)]) : input,
    stdout,
    stderr,
    ...(columns === undefined
      ? {}
      : {
          screen: { type: 'xterm', size: () => ({ columns, rows: 24 }), onResize: () => () => undefined },
          rawKeys: () => () => undefined,
        }),
    ...(answer === undefined ? {} : { ask: (question: string) => answering(question) }),
    now: () => now ?? new Date(),
  };
  const where = [
    ...(options.kubeconfig === undefined ? [] : ['--kubeconfig', options.kubeconfig]),
    ...(options.namespace === undefined ? [] : ['-n', options.namespace]),
  ];
  const [first = '', ...rest] = argv;
  const code = await runPlugin(
    first === '__complete'
      ? [first, ...rest.slice(0, 1), ...where, ...rest.slice(1)]
      : [first, ...where, ...rest],
    surroundings,
  );
  return { code, out, err };
}
