/** The real logger: one JSON object a line for machines, or short coloured lines for a person at a terminal. */
import pc from 'picocolors';
import winston from 'winston';
import { escaped, printable, printableLines } from '../../base/printable.ts';
import { ApiError } from '../client/api-error.ts';
import type { Logger, LogLevel } from './logger.ts';
import type { SecretRegistry } from './secret-registry.ts';

export interface LoggerOptions {
  readonly level: LogLevel;
  /** `readable` for a terminal. */
  readonly format: 'json' | 'readable';
  readonly secrets: SecretRegistry;
  /** Default: standard error, so commands can print their result on standard output. */
  readonly stream?: NodeJS.WritableStream;
}

export function createLogger(options: LoggerOptions): Logger {
  const { secrets, level, format } = options;
  const line = format === 'json' ? jsonLine : readableLine;
  return winston.createLogger({
    level,
    format: winston.format.printf((info) => secrets.redact(line(plain(info)))),
    transports: [new winston.transports.Stream({ stream: options.stream ?? process.stderr })],
  });
}

interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * Writing a line never fails and never prints an object's private parts. Errors become their messages, cycles
 * a word.
 */
function plain(info: winston.Logform.TransformableInfo): Line {
  const { level, message, ...fields } = info;
  const seen = new WeakSet<object>();
  const text = JSON.stringify(fields, (_, value: unknown) => {
    if (value instanceof Error) return describeError(value);
    if (typeof value === 'bigint') return value.toString();
    if (typeof value === 'object' && value !== null) {
      if (seen.has(value)) return '[seen above]';
      seen.add(value);
    }
    return value;
  });
  return { level, message: String(message), fields: JSON.parse(text) as Record<string, unknown> };
}

interface ErrorDescription {
  readonly name: string;
  readonly message: string;
  readonly reason?: string;
  readonly status?: number;
  readonly cause?: ErrorDescription | string;
  readonly stack?: string;
}

function describeError(error: Error, depth = 0): ErrorDescription {
  const cause = error.cause;
  return {
    name: error.name,
    message: error.message,
    ...('reason' in error && typeof error.reason === 'string' ? { reason: error.reason } : {}),
    ...(error instanceof ApiError ? { status: error.status } : {}),
    ...(cause === undefined || depth >= 4
      ? {}
      : { cause: cause instanceof Error ? describeError(cause, depth + 1) : String(cause) }),
    // Our own errors explain themselves. Only unexpected errors need the stack.
    ...(depth === 0 && isProgrammingError(error) && error.stack !== undefined ? { stack: error.stack } : {}),
  };
}

function isProgrammingError(error: Error): boolean {
  return ['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError', 'AssertionError', 'Error'].includes(
    error.name,
  );
}

function jsonLine(line: Line): string {
  return escaped(
    JSON.stringify({
      time: new Date().toISOString(),
      level: line.level,
      message: line.message,
      ...line.fields,
    }),
  );
}

const LEVELS: Readonly<Record<string, (text: string) => string>> = {
  error: pc.red,
  warn: pc.yellow,
  info: pc.green,
  debug: pc.gray,
};

function readableLine(line: Line): string {
  const colour = LEVELS[line.level] ?? String;
  const { error, ...others } = line.fields;
  const fields = Object.entries(others).map(([name, value]) =>
    pc.dim(`${name}=${printable(typeof value === 'string' ? value : JSON.stringify(value))}`),
  );
  const head = [
    pc.dim(new Date().toISOString().slice(11, 23)),
    colour(line.level.padEnd(5)),
    printable(line.message),
    ...fields,
  ].join(' ');
  return error === undefined ? head : `${head}${readableError(error)}`;
}

function readableError(error: unknown): string {
  if (typeof error !== 'object' || error === null) return ` ${printable(String(error))}`;
  const { message, cause, stack } = error as Partial<ErrorDescription>;
  const own = stack === undefined ? pc.red(printableLines(String(message))) : pc.red(printableLines(stack));
  return `\n    ${own}${cause === undefined ? '' : `\n    because${readableError(cause)}`}`;
}
