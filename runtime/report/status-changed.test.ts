import { describe, expect, it } from 'vitest';
import { statusChanged } from './status-changed.ts';

const heartbeats = [{ path: ['operation', 'lastHeartbeatTime'], everySeconds: 30 }];
const at = (time: string, step = 'pull'): object => ({
  phase: 'Installing',
  operation: { step, lastHeartbeatTime: `2026-03-01T12:${time}Z` },
});

describe('a status is worth a request', () => {
  it('when anything in it differs, however deep', () => {
    expect(statusChanged({ a: [{ b: 1 }] }, { a: [{ b: 2 }] })).toBe(true);
    expect(statusChanged(undefined, { phase: 'Pending' })).toBe(true);
    expect(statusChanged({ phase: 'Ready', detail: 'x' }, { phase: 'Ready' })).toBe(true);
  });

  it('not when it is equal, whatever the order of fields, nor for fields that are undefined', () => {
    expect(statusChanged({ a: 1, b: 2 }, { b: 2, a: 1 })).toBe(false);
    expect(statusChanged({ a: 1 }, { a: 1, b: undefined })).toBe(false);
    expect(statusChanged(undefined, {})).toBe(false);
  });

  it('not for a field that is empty on one side and absent on the other, however deep', () => {
    expect(statusChanged({ host: { port: 22 } }, { host: { port: 22, dns: {} }, components: [] })).toBe(
      false,
    );
    expect(statusChanged({ host: { dns: { hosts: [] } } }, {})).toBe(false);
    expect(statusChanged({ list: [{ name: 'a', env: [] }] }, { list: [{ name: 'a' }] })).toBe(false);
  });

  it('when a field becomes empty, or an item of a list', () => {
    expect(statusChanged({ host: { dns: { hosts: ['a'] } } }, { host: { dns: {} } })).toBe(true);
    expect(statusChanged({ list: [{ a: 1 }] }, { list: [{}] })).toBe(true);
    expect(statusChanged({ list: [{}] }, { list: [] })).toBe(true);
  });

  it('not for a heartbeat alone, until it is due', () => {
    expect(statusChanged(at('00:00'), at('00:29'), heartbeats)).toBe(false);
    expect(statusChanged(at('00:00'), at('00:30'), heartbeats)).toBe(true);
    expect(statusChanged(at('00:00'), at('00:29'))).toBe(true);
  });

  it('when something changes together with a heartbeat, or a heartbeat begins or ends', () => {
    expect(statusChanged(at('00:00'), at('00:01', 'start'), heartbeats)).toBe(true);
    expect(statusChanged({ phase: 'Installing' }, at('00:00'), heartbeats)).toBe(true);
    expect(statusChanged(at('00:00'), { phase: 'Installing' }, heartbeats)).toBe(true);
  });

  it('when the old heartbeat is no time', () => {
    expect(
      statusChanged(
        { operation: { lastHeartbeatTime: 'never' } },
        { operation: { lastHeartbeatTime: '2026-03-01T12:00:00Z' } },
        heartbeats,
      ),
    ).toBe(true);
  });

  it('and leaves both sides as they are', () => {
    const next = Object.freeze({ operation: Object.freeze({ lastHeartbeatTime: '2026-03-01T12:00:05Z' }) });
    statusChanged({ operation: { lastHeartbeatTime: '2026-03-01T12:00:00Z' } }, next, heartbeats);
    expect(next.operation.lastHeartbeatTime).toBe('2026-03-01T12:00:05Z');
  });
});
