/** The part of a report that is about a stack's host, read over SSH with the caller's rights. Changes nothing. */
import type { JtelStack } from '../../crds/index.ts';
import { readHostTarget } from '../../controllers/hosts/host-target.ts';
import { projectName } from '../../controllers/hosts/project.ts';
import { createHostDriver } from '../../host-driver/connect.ts';
import type { HostObservation } from '../../host-driver/host.ts';
import type { SecretRegistry } from '../../runtime/report/secret-registry.ts';
import { onHost } from '../containers.ts';
import type { Kit } from '../kit.ts';
import type { Collection } from './collection.ts';

const linesOfContainer = 5000;

export async function collectHost(
  kit: Kit,
  stack: JtelStack,
  registry: SecretRegistry,
  collection: Collection,
): Promise<void> {
  const folder = `hosts/${stack.metadata.name}`;
  const project = projectName(stack.metadata.namespace, stack.metadata.name);
  const driver = createHostDriver();
  try {
    const observed = await collection.part(`${folder}/observation.yaml`, async (signal) => {
      const target = await readHostTarget(kit.cluster, stack, { signal });
      const { sshSecretRef, jumpHost } = stack.spec.host;
      for (const [ref, end] of [
        [sshSecretRef, target],
        [jumpHost?.sshSecretRef, target.jumpHost],
      ] as const)
        if (ref !== undefined && end !== undefined)
          registry.register(`${stack.metadata.namespace}/${ref.name}`, [
            end.privateKey,
            end.passphrase ?? '',
          ]);
      const host = driver.host(target);
      const seen = await host.observe(project, 'full', signal);
      await collection.keepObject(`${folder}/observation.yaml`, seen);
      return { host, seen };
    });
    if (observed === undefined) return;
    const { host, seen } = observed;
    for (const { uid } of seen.jobs) {
      const path = `${folder}/jobs/${uid}.yaml`;
      const job = await collection.part(path, (signal) => host.readJob(uid, signal));
      if (job !== undefined) await collection.keepObject(path, job);
    }
    await collectLogs(kit, stack, seen, folder, collection);
  } finally {
    await driver.close();
  }
}

async function collectLogs(
  kit: Kit,
  stack: JtelStack,
  { containers }: HostObservation,
  folder: string,
  collection: Collection,
): Promise<void> {
  await collection.part(`${folder}/logs`, () =>
    onHost(kit, stack, async (console, project) => {
      for (const { service } of containers) {
        const path = `${folder}/logs/${service}.txt`;
        const text = await collection.part(path, async (signal) => {
          const lines: string[] = [];
          const question = { tail: linesOfContainer, mode: 'Once' } as const;
          for await (const line of console.logs(project, [service], question, signal))
            lines.push(`${line.time} ${line.stream} ${line.text}\n`);
          return lines.join('');
        });
        if (text !== undefined) collection.keepText(path, text);
      }
    }),
  );
}
