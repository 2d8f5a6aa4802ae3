import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../client/api-error.ts';
import { createLogger, type LoggerOptions } from './create-logger.ts';
import type { Logger } from './logger.ts';
import { SecretRegistry } from './secret-registry.ts';

function logTo(options: Partial<LoggerOptions> = {}): {
  logger: Logger;
  secrets: SecretRegistry;
  text: () => string;
} {
  const stream = new PassThrough();
  const secrets = new SecretRegistry();
  return {
    logger: createLogger({ level: 'info', format: 'json', secrets, stream, ...options }),
    secrets,
    text: () => String(stream.read() ?? ''),
  };
}

describe('the logger', () => {
  it('writes one JSON object a line, with the fields of its ancestors', () => {
    const { logger, text } = logTo();
    logger.child({ controller: 'stack' }).child({ object: 'default/demo' }).info('installed', { seconds: 3 });
    expect(JSON.parse(text())).toMatchObject({
      level: 'info',
      message: 'installed',
      controller: 'stack',
      object: 'default/demo',
      seconds: 3,
    });
  });

  it('leaves out what is below its level', () => {
    const { logger, text } = logTo({ level: 'warn' });
    logger.info('small talk');
    logger.warn('trouble');
    expect(text()).not.toContain('small talk');
  });

  it('says of an error what happened and why', () => {
    const { logger, text } = logTo();
    const cause = new Error('ECONNREFUSED');
    logger.error('failed', { error: new ApiError(0, 'Unreachable', 'get widgets a/b: away', { cause }) });
    expect(JSON.parse(text())).toMatchObject({
      error: {
        name: 'ApiError',
        reason: 'Unreachable',
        message: 'get widgets a/b: away',
        cause: { message: 'ECONNREFUSED' },
      },
    });
  });

  it('gives the stack only of errors nobody foresaw', () => {
    const { logger, text } = logTo();
    logger.error('failed', { error: new TypeError('x is undefined') });
    expect(text()).toContain('create-logger.test.ts');
    logger.error('failed', { error: new ApiError(404, 'NotFound', 'none') });
    expect(text()).not.toContain('create-logger.test.ts');
  });

  it('masks known secrets in messages, fields and errors', () => {
    for (const format of ['json', 'readable'] as const) {
      const { logger, secrets, text } = logTo({ format });
      secrets.register('a/b', ['hunter2-hunter2']);
      logger.error('tried hunter2-hunter2', {
        password: 'hunter2-hunter2',
        error: new Error('bad hunter2-hunter2', { cause: new Error('hunter2-hunter2') }),
      });
      expect(text()).not.toContain('hunter2');
    }
  });

  it('survives cycles and bigints', () => {
    const { logger, text } = logTo();
    const cycle: Record<string, unknown> = { size: 5n };
    cycle['self'] = cycle;
    logger.info('odd', { cycle });
    expect(JSON.parse(text())).toMatchObject({ cycle: { size: '5', self: '[seen above]' } });
  });

  it('writes a line for people with level, message, fields and the error below it', () => {
    const { logger, text } = logTo({ format: 'readable' });
    logger.warn('stalled', { object: 'a/b', error: new ApiError(404, 'NotFound', 'no such secret') });
    expect(text()).toMatch(/warn.*stalled.*object=a\/b.*\n.*no such secret/s);
  });

  it('lets no text from outside move the cursor', () => {
    const { logger, text } = logTo({ format: 'readable' });
    logger.info('host said \u001b[2J\u001b[H');
    expect(text()).not.toContain('\u001b[2J');
  });
});
