import { describe, expect, it } from 'vitest';
import { AddressRules } from '../base/address-rules.ts';
import { checkConfig, shownConfig } from './check-config.ts';
import { ConfigError, type OperatorConfig } from './config.ts';

const addresses = new AddressRules({ allowed: [] });
const proxy = { secret: 'geheim', secretHeader: 'x-a', userHeader: 'x-b', groupsHeader: 'x-c' };

function configWith(changes: Partial<OperatorConfig> = {}): OperatorConfig {
  return {
    namespaces: ['acme'],
    leaseNamespace: 'jtel-system',
    leaseName: 'jtel-operator',
    leaseDurationSeconds: 15,
    shards: 1,
    identity: 'pod-1-0a0b0c0d',
    toolboxImage: { repository: 'r/toolbox', tag: 't', digest: 'sha256:0' },
    backupWindowSeconds: 60,
    backupsPerStore: 10,
    backupsAtOnce: 50,
    healthPort: 8080,
    resyncSeconds: 300,
    monitorSeconds: 10,
    workers: 32,
    logLevel: 'info',
    logFormat: 'json',
    endpoints: { addresses, allowsHTTP: false },
    hostAddresses: addresses,
    releaseKey: 'PEM',
    ...changes,
  };
}

const schedule = { image: 'r/operator:1', serviceAccount: 'jtel-backup' };

describe('a configuration', () => {
  it.each<Partial<OperatorConfig>>([
    {},
    { namespaces: 'All', healthPort: 0, web: { port: 0, hosts: [] } },
    { schedulePods: schedule, web: { port: 8443, hosts: ['jtel.example'], proxy } },
    { identity: 'worker.example.org-0a0b0c0d', auditLog: '-' },
  ])('that fits together is used: %j', (changes) => {
    expect(checkConfig(configWith(changes))).toEqual(configWith(changes));
  });

  it.each<[string, Partial<OperatorConfig>]>([
    ['--namespace', { namespaces: [''] }],
    ['--namespace', { namespaces: ['*'] }],
    ['acme twice', { namespaces: ['acme', 'b', 'acme'] }],
    ['POD_NAMESPACE', { leaseNamespace: '' }],
    ['--lease-name', { leaseName: 'Lease/1' }],
    ['POD_NAME', { identity: 'a b' }],
    ['POD_NAME', { identity: 'x'.repeat(201) }],
    ['OPERATOR_IMAGE', { schedulePods: { ...schedule, image: '' } }],
    ['OPERATOR_IMAGE', { schedulePods: { ...schedule, image: 'r/o@latest' } }],
    ['BACKUP_SERVICE_ACCOUNT', { schedulePods: { ...schedule, serviceAccount: 'a_b' } }],
    ['--shards 8', { shards: 8, backupsAtOnce: 7 }],
    ['--audit-log', { auditLog: ' ' }],
    ['--health-port are both 8080', { web: { port: 8080, hosts: [] } }],
    ['three headers', { web: { port: 1, hosts: [], proxy: { ...proxy, userHeader: 'x-a' } } }],
    ['--web-user-header', { web: { port: 1, hosts: [], proxy: { ...proxy, userHeader: 'x b' } } }],
  ])('is refused with a sentence that names %s', (culprit, changes) => {
    expect(() => checkConfig(configWith(changes))).toThrow(ConfigError);
    expect(() => checkConfig(configWith(changes))).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(culprit),
      }),
    );
  });

  it('is logged whole, without what is secret', () => {
    const shown = shownConfig(configWith({ web: { port: 1, hosts: ['h'], proxy } }));
    expect(shown).toMatchObject({
      namespaces: ['acme'],
      workers: 32,
      toolboxImage: 'r/toolbox:t@sha256:0',
      releases: 'Signed',
      web: { port: 1, signIn: 'Proxy' },
    });
    expect(JSON.stringify(shown)).not.toMatch(/geheim|PEM/);
  });
});
