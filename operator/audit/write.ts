/** From a line to what is written: which process wrote it when, with secrets masked before anything is cut. */
import { optional } from '../../base/optional.ts';
import type { AuditLog } from '../../runtime/report/audit-log.ts';
import type { SecretRegistry } from '../../runtime/report/secret-registry.ts';
import { auditVersion, type Audit, type AuditLine } from './lines.ts';

/** Every line says first that it is an audit line. */
export function auditTo(log: Pick<AuditLog, 'write'>, secrets: SecretRegistry, process: string): Audit {
  return (line) =>
    log.write({
      audit: auditVersion,
      time: new Date().toISOString(),
      process,
      ...masked(line, secrets),
    });
}

/**
 * Masks the texts that people and hosts chose, with the secrets of the line's namespace and our own. Nobody
 * can spoil the lines of others by what is in a Secret, and words of ours stay whatever is in it.
 */
function masked(line: AuditLine, secrets: SecretRegistry): AuditLine {
  // Effects on images are for all stacks of a host: only our own secrets count.
  const redact = (text: string): string => secrets.redact(text, line.namespace ?? '');
  const values = (
    texts: Readonly<Record<string, string>> | undefined,
  ): Readonly<Record<string, string>> | undefined =>
    texts && Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, redact(text)]));
  switch (line.type) {
    case 'Decision':
      return line;
    case 'Effect':
      return { ...line, ...optional({ about: line.about?.map(redact) }) };
    case 'Write':
      return { ...line, blob: redact(line.blob) };
    case 'Request':
      return {
        ...line,
        ...optional({
          sourceRevision: line.sourceRevision === undefined ? undefined : redact(line.sourceRevision),
          managers: line.managers?.map((manager) => ({ ...manager, name: redact(manager.name) })),
          source: values(line.source),
          consent: values(line.consent),
        }),
      };
  }
}
