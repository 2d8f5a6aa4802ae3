import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { AuditLog } from '../../runtime/report/audit-log.ts';
import { SecretRegistry } from '../../runtime/report/secret-registry.ts';
import { RecordingLogger } from '../../test/support/recording-logger.ts';
import type { AuditLine, DecisionLine, EffectLine, RequestLine, WriteLine } from './lines.ts';
import { auditTo } from './write.ts';

let directory: string;
let secrets: SecretRegistry;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'audit-'));
  secrets = new SecretRegistry({ ownNamespace: 'jtel-system' });
  return () => rm(directory, { recursive: true });
});

async function written(line: AuditLine): Promise<unknown> {
  const target = join(directory, 'audit.jsonl');
  const log = new AuditLog({ target, logger: new RecordingLogger(), lost: () => expect.fail('lost') });
  auditTo(log, secrets, 'jtel-operator-0-1f2e3d4c')(line);
  await log.close();
  return JSON.parse(await readFile(target, 'utf8'));
}

const subject = { kind: 'JtelStack', namespace: 'acme', name: 'victim', uid: '0c1f-uid', generation: 1 };
const request: RequestLine = {
  type: 'Request',
  request: 'Consent',
  ...subject,
  sourceRevision: 'main@sha1:8f3a9c1d',
  managers: [{ name: 'kubectl-client', operation: 'Update', time: '2026-11-29T02:10:07Z' }],
  source: { 'argocd.argoproj.io/instance': 'customers' },
  consent: { 'jtel.de/confirm-destroy': 'victim-consent' },
};
const decision: DecisionLine = { type: 'Decision', decision: 'Begin', ...subject, operation: '17-Install' };
const effect: EffectLine = {
  type: 'Effect',
  action: 'composeUp',
  host: '192.0.2.10',
  about: ['3.43.2', 'webserver'],
  outcome: 'Failed',
  reason: 'HostUnreachable',
  namespace: 'acme',
  name: 'victim',
  uid: '0c1f-uid',
};
const { namespace: _, ...pull } = { ...effect, action: 'pull' as const };
const write: WriteLine = {
  type: 'Write',
  action: 'create',
  blob: 'backups/acme.main/20260301t020000z-00000a/manifest.json',
  outcome: 'Done',
  namespace: 'other',
  name: 'victim',
  uid: '0c1f-uid',
};
const everyText = JSON.stringify([request, decision, effect]).split(/["{}[\],]+/);

describe('a line of the audit log', () => {
  it.each<AuditLine>([request, decision, effect, pull])(
    'stays whole whatever Secrets of others hold: $type of $namespace',
    async (line) => {
      const parts = ['"name":"victim"', '","', '"audit":1', 'victim","uid":"0c1f'];
      secrets.register('other/evil', [...parts, ...everyText]);
      expect(await written(line)).toEqual({
        audit: 1,
        time: expect.any(String),
        process: 'jtel-operator-0-1f2e3d4c',
        ...line,
      });
    },
  );

  it('lacks no word of ours, and masks only texts of people and hosts', async () => {
    secrets.register('acme/all', ['"name":"victim"', ...everyText]);
    expect(await written(request)).toMatchObject({
      ...request,
      sourceRevision: '[redacted]',
      managers: [{ name: '[redacted]', operation: 'Update', time: '2026-11-29T02:10:07Z' }],
      source: { 'argocd.argoproj.io/instance': '[redacted]' },
      consent: { 'jtel.de/confirm-destroy': '[redacted]' },
    });
  });

  it('masks what an effect is about, and our own secrets for everybody', async () => {
    secrets.register('jtel-system/vendor', ['vendor-token']);
    secrets.register('other/its-own', ['20260301t020000z-00000a']);
    expect(await written(write)).toEqual(
      expect.objectContaining({ ...write, blob: 'backups/acme.main/[redacted]/manifest.json' }),
    );
    await rm(join(directory, 'audit.jsonl'));
    const about = ['vendor.example/vendor-token/web@sha256:0'];
    expect(await written({ ...pull, about })).toMatchObject({
      about: ['vendor.example/[redacted]/web@sha256:0'],
    });
  });

  it('masks a secret that stands where the text is cut, also with characters that are replaced', async () => {
    secrets.register('acme/ssh', ['hunter2\u0007hunter2']);
    const before = 'x'.repeat(248);
    expect(await written({ ...request, sourceRevision: `${before}hunter2\u0007hunter2` })).toMatchObject({
      sourceRevision: `${before}[redacte…`,
    });
  });
});
