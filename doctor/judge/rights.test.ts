import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import {
  channelRights,
  identityRights,
  judgeOperatorsRights,
  judgePeoplesRights,
  leaseRights,
  signingRights,
  operatorRights,
  peoplesRights,
  rightName,
  scopeName,
  type Right,
} from './rights.ts';

interface Role {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly rules?: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly verbs: readonly string[];
    readonly resourceNames?: readonly string[];
  }[];
}

/** The rights of a role as `deploy/` has it, which is rendered from the chart. */
function rightsIn(file: string, role: string): readonly string[] {
  const documents = parseAllDocuments(readFileSync(new URL(`../../deploy/${file}`, import.meta.url), 'utf8'));
  const found = documents
    .map((document) => document.toJS() as Role)
    .find(({ kind, metadata }) => kind.endsWith('Role') && metadata.name === role);
  return (found?.rules ?? []).flatMap(({ apiGroups, resources, verbs, resourceNames = [undefined] }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.flatMap((verb) =>
          resourceNames.map((name) =>
            rightName({ verb, group, resource, ...(name === undefined ? {} : { name }) }),
          ),
        ),
      ),
    ),
  );
}

describe('the rights that are asked about are those that the chart gives', () => {
  it.each([
    ['access/stacks.yaml', 'jtel-operator', operatorRights],
    ['access/leader-election.yaml', 'jtel-operator-leader-election', leaseRights('jtel-operator')],
    ['access/backup-signing.yaml', 'jtel-operator-backup-signing', signingRights],
    ['access/stacks.yaml', 'jtel-operator-cluster-identity', identityRights],
    ['cluster-wide/access.yaml', 'jtel-operator-channels', channelRights],
  ] as const)('%s, %s', (file, role, asked) =>
    expect(asked.map(rightName).toSorted()).toEqual(rightsIn(file, role).toSorted()),
  );
});

const apply: Right = { verb: 'create', group: 'jtel.de', resource: 'jtelstacks' };
const secret: Right = { verb: 'get', group: '', resource: 'secrets' };

describe('a person', () => {
  it('with all rights is well', () => expect(judgePeoplesRights([], 'demo').verdict).toBe('Ok'));
  it('who cannot apply is not', () => {
    const judged = judgePeoplesRights([apply, secret], 'demo');
    expect(judged.verdict).toBe('Failed');
    expect(judged.seen).toContain('create jtelstacks.jtel.de, get secrets in namespace demo');
  });
  it('who cannot read Secrets is warned', () =>
    expect(judgePeoplesRights([secret], 'demo').verdict).toBe('Warning'));
  it('is asked about what the judgement knows', () => expect(peoplesRights).toContainEqual(apply));
});

describe('the operator', () => {
  it('with all rights is well', () => expect(judgeOperatorsRights([], 'namespace a', 40).verdict).toBe('Ok'));
  it('without some is told which, and not all of many', () => {
    const judged = judgeOperatorsRights(operatorRights, 'namespace a', operatorRights.length + 1);
    expect(judged.verdict).toBe('Failed');
    expect(judged.seen).toMatch(/get jtelstacks\.jtel\.de.* and \d+ more in namespace a/);
  });
  it('without any is told that it may be elsewhere', () => {
    const judged = judgeOperatorsRights(operatorRights, 'namespace a', operatorRights.length);
    expect(judged.seen).toContain(`none of the ${operatorRights.length} rights`);
    expect(judged.next).toMatch(/^Install it, or say where it is/);
    const everywhere = judgeOperatorsRights(operatorRights, scopeName(undefined), operatorRights.length);
    expect(everywhere.next).toMatch(/^Name the namespaces that it was given/);
  });
});
