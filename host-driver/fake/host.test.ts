/** The fake host keeps the same contract as the real one. */
import type { JobSpec } from '../host.ts';
import { hostContract } from '../../test/contract/host.ts';
import { FakeHostDriver } from './driver.ts';

const repository = 'registry.example:5000/jtel/acd-web';
const [image, missingImage] = ['a', 'b'].map((letter) => ({
  repository,
  digest: `sha256:${letter.repeat(64)}`,
  tag: '1',
}));

hostContract('fake', () => {
  if (image === undefined || missingImage === undefined) throw new Error('two images are needed');
  const driver = new FakeHostDriver();
  const machine = driver.add('10.0.0.7', {
    pullFailure: (name) => (name.endsWith(missingImage.digest) ? 'ImageNotFound' : undefined),
    runJob: (job: JobSpec) =>
      job.type === 'failing'
        ? { error: { reason: 'DataIncomplete', message: 'a file is missing' } }
        : { progress: { step: 'reading', percent: 50 }, result: job.input },
  });
  const target = { address: '10.0.0.7', port: 22, user: 'jtel', hostKeyFingerprints: [], privateKey: '' };
  return {
    host: driver.host(target),
    image,
    missingImage,
    lose: (project, what) => machine.loseVolumes(project, what === 'Volumes' ? 'Gone' : 'Empty'),
  };
});
