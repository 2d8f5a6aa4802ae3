import { describe, expect, it } from 'vitest';
import { ApiError, missingRight } from '../runtime/client/api-error.ts';
import { RecordingLogger } from '../test/support/recording-logger.ts';
import { MissingRights } from './missing-rights.ts';

const forbidden = (message: string): ApiError => new ApiError(403, 'Forbidden', message);
const list = { verb: 'list', resource: 'jtelstacks.jtel.de' };

describe('a missing right', () => {
  it.each([
    [
      'list jtelstacks: HTTP 403 jtelstacks.jtel.de is forbidden: User "system:serviceaccount:a:b" cannot list resource "jtelstacks" in API group "jtel.de" at the cluster scope',
      list,
    ],
    [
      'get namespaces kube-system: HTTP 403 namespaces "kube-system" is forbidden: User "u" cannot get resource "namespaces" in API group "" in the namespace "kube-system"',
      { verb: 'get', resource: 'namespaces' },
    ],
    [
      'x: HTTP 403 y is forbidden: User "u" cannot patch resource "jtelstacks/status" in API group "jtel.de" in the namespace "a"',
      { verb: 'patch', resource: 'jtelstacks/status.jtel.de' },
    ],
  ])('is read from the answer of the API server', (message, right) => {
    expect(missingRight(forbidden(message))).toEqual(right);
  });

  it.each([
    forbidden("secrets \"a\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request"),
    forbidden('User "u" cannot list resource "jtel stacks; rm" in API group ""'),
    new ApiError(404, 'NotFound', 'cannot list resource "a" in API group ""'),
    new Error('cannot list resource "a" in API group ""'),
  ])('is none in %s', (error) => expect(missingRight(error)).toBeUndefined());

  it('is told once an hour, and forgotten when it is missed no more', () => {
    const logger = new RecordingLogger();
    let now = 0;
    const rights = new MissingRights({ logger, now: () => now });
    for (now = 0; now <= 3_600_000; now += 60_000) rights.refused(list);
    expect(logger.lines.filter(({ message }) => message === 'a right is missing')).toHaveLength(2);
    expect(rights.list()).toEqual([list]);
    now += 1_000_000;
    expect(rights.list()).toEqual([]);
  });
});
