/**
 * What a {@link Cluster} does, whoever plays it: the API in memory is held to what the real API server does.
 */
import { describe, expect, it } from 'vitest';
import {
  configMaps,
  isAlreadyExists,
  isConflict,
  isNotFound,
  secrets,
  type Cluster,
  type ConfigMap,
} from '../../runtime/index.ts';
import { widget, widgets } from '../support/widgets.ts';

const options = { signal: new AbortController().signal };

export function describeCluster(open: () => { readonly cluster: Cluster; readonly namespace: string }): void {
  const aConfigMap = (name: string, data: Record<string, string> = { a: '1' }): ConfigMap => ({
    metadata: { namespace: open().namespace, name },
    data,
  });
  const keyOf = (name: string): { namespace: string; name: string } => ({
    namespace: open().namespace,
    name,
  });
  const rejection = async (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => undefined,
      (error: unknown) => error,
    );

  describe('objects', () => {
    it('are found after they were created, with a uid and a version, and only once', async () => {
      const { cluster } = open();
      const created = await cluster.create(configMaps, aConfigMap('created'), options);
      expect(created.metadata?.uid).toMatch(/./);
      expect(await cluster.get(configMaps, keyOf('created'), options)).toMatchObject({
        data: { a: '1' },
        metadata: { uid: created.metadata?.uid },
      });
      expect(
        isAlreadyExists(await rejection(cluster.create(configMaps, aConfigMap('created'), options))),
      ).toBe(true);
    });

    it('that are not there are NotFound to get, undefined to find, and deleted already', async () => {
      const { cluster } = open();
      expect(isNotFound(await rejection(cluster.get(configMaps, keyOf('absent'), options)))).toBe(true);
      expect(await cluster.find(configMaps, keyOf('absent'), options)).toBeUndefined();
      await cluster.delete(configMaps, keyOf('absent'), {}, options);
    });

    it('are not replaced by somebody who saw an older version', async () => {
      const { cluster } = open();
      const first = await cluster.create(configMaps, aConfigMap('raced'), options);
      const second = await cluster.replace(configMaps, { ...first, data: { a: '2' } }, options);
      expect(second.metadata?.resourceVersion).not.toBe(first.metadata?.resourceVersion);
      expect(
        isConflict(await rejection(cluster.replace(configMaps, { ...first, data: { a: '3' } }, options))),
      ).toBe(true);
    });

    it('are not deleted by somebody who means another life of the name', async () => {
      const { cluster } = open();
      const { metadata } = await cluster.create(configMaps, aConfigMap('reborn'), options);
      const other = '00000000-0000-0000-0000-000000000000';
      expect(
        isConflict(await rejection(cluster.delete(configMaps, keyOf('reborn'), { uid: other }, options))),
      ).toBe(true);
      await cluster.delete(configMaps, keyOf('reborn'), { uid: metadata?.uid ?? '' }, options);
      expect(await cluster.find(configMaps, keyOf('reborn'), options)).toBeUndefined();
    });

    it('with a finalizer stay, marked as deleted, until it is taken away', async () => {
      const { cluster } = open();
      const created = await cluster.create(configMaps, aConfigMap('held'), options);
      const held = await cluster.patchFinalizers(configMaps, created, ['jtel.de/test'], options);
      await cluster.delete(configMaps, keyOf('held'), {}, options);
      const deleted = await cluster.get(configMaps, keyOf('held'), options);
      expect(deleted.metadata?.deletionTimestamp).toMatch(/^\d{4}-/);
      expect(isConflict(await rejection(cluster.patchFinalizers(configMaps, held, [], options)))).toBe(true);
      await cluster.patchFinalizers(configMaps, deleted, [], options);
      expect(await cluster.find(configMaps, keyOf('held'), options)).toBeUndefined();
    });

    it('are applied whether they are there or not, and not over a version that is gone', async () => {
      const { cluster } = open();
      const created = await cluster.apply(configMaps, aConfigMap('applied'), options);
      const changed = await cluster.apply(configMaps, aConfigMap('applied', { a: '2' }), options);
      expect(changed).toMatchObject({ data: { a: '2' }, metadata: { uid: created.metadata?.uid } });
      const stale = {
        ...aConfigMap('applied', { a: '3' }),
        metadata: { ...keyOf('applied'), resourceVersion: created.metadata?.resourceVersion ?? '' },
      };
      expect(isConflict(await rejection(cluster.apply(configMaps, stale, options)))).toBe(true);
    });

    it('take annotations, and lose those that are set to null', async () => {
      const { cluster } = open();
      const created = await cluster.create(configMaps, aConfigMap('annotated'), options);
      const annotated = await cluster.patchAnnotations(configMaps, created, { x: '1', y: '2' }, options);
      const changed = await cluster.patchAnnotations(configMaps, annotated, { x: null }, options);
      expect(changed.metadata?.annotations).toEqual({ y: '2' });
    });

    it('show no secret that was read, in annotations and status', async () => {
      const { cluster, namespace } = open();
      const metadata = { namespace, name: 'mask' };
      await cluster.create(secrets, { metadata, stringData: { password: 'a-long-password' } }, options);
      await cluster.getSecret(namespace, 'mask', options);
      const created = await cluster.create(configMaps, aConfigMap('masked'), options);
      const said = { said: 'it was a-long-password \u001b[2J' };
      const annotated = await cluster.patchAnnotations(configMaps, created, said, options);
      expect(annotated.metadata?.annotations).toEqual({ said: 'it was [redacted] \ufffd[2J' });
      const shown = await cluster.create(widgets, widget(namespace, 'masked'), options);
      const status = { detail: said.said };
      const written = await cluster.applyStatus(
        widgets,
        keyOf('masked'),
        status,
        shown.metadata ?? {},
        options,
      );
      expect(written.status).toEqual({ detail: 'it was [redacted] \ufffd[2J' });
      expect((await cluster.get(widgets, keyOf('masked'), options)).status).toEqual(written.status);
    });

    it('are listed by namespace', async () => {
      const { cluster, namespace } = open();
      await cluster.create(configMaps, aConfigMap('listed'), options);
      const listed = await cluster.list(configMaps, { namespace }, options);
      expect(listed.map(({ metadata }) => metadata?.name)).toContain('listed');
    });
  });

  it('Secrets are written as text and read as text', async () => {
    const { cluster, namespace } = open();
    await cluster.create(
      secrets,
      { metadata: { namespace, name: 'secret' }, stringData: { password: 'hübsch' } },
      options,
    );
    const values = await cluster.getSecret(namespace, 'secret', options);
    expect(values.get('password')).toBe('hübsch');
    expect(() => values.get('absent')).toThrow('absent');
  });

  it('a call whose signal is aborted already does nothing', async () => {
    const { cluster } = open();
    await expect(
      cluster.create(configMaps, aConfigMap('aborted'), { signal: AbortSignal.abort(new Error('over')) }),
    ).rejects.toThrow('over');
    expect(await cluster.find(configMaps, keyOf('aborted'), options)).toBeUndefined();
  });
}
