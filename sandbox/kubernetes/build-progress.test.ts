import { expect, it } from 'vitest';
import { silentProgress } from '../../kit/progress.ts';
import { BuildProgress } from './build-progress.ts';

function recorder(total?: number) {
  const told: string[] = [];
  const clock = { seconds: 0 };
  const progress = { ...silentProgress, info: (text: string) => void told.push(text.trim()) };
  const build = new BuildProgress('kubectl', 'packages built', progress, total, () => clock.seconds * 1000);
  return { told, clock, build };
}

it('tells how many packages of how many are built, every quarter of a minute and at the end', () => {
  const { told, clock, build } = recorder(8);
  build.compiled('internal/goarch\n');
  clock.seconds = 16;
  build.compiled('k8s.io/api/core/v1\n');
  clock.seconds = 20;
  build.compiled('k8s.io/api/apps/v1\n');
  clock.seconds = 32;
  build.compiled('github.com/go-logr/logr\nk8s.io/klog/v2\n');
  clock.seconds = 33;
  build.compiled('a/b\nc/d\nk8s.io/kubernetes/cmd/kubectl\n');
  expect(told).toEqual([
    'kubectl: 2 of 8 packages built, 25 % after 16 s',
    'kubectl: 5 of 8 packages built, 62 % after 32 s',
    'kubectl: 8 of 8 packages built, 100 % after 33 s; now it is linked',
  ]);
});

it('counts a name that comes in two pieces once, and nothing that is no package', () => {
  const { told, clock, build } = recorder(3);
  clock.seconds = 60;
  build.compiled('k8s.io/ap');
  build.compiled('i/core/v1\n# k8s.io/api: warning\ngo: downloading k8s.io/api v0.37.2\n');
  expect(told).toEqual(['kubectl: 1 of 3 packages built, 33 % after 60 s']);
});

it('counts downloads, of which nobody knows how many there will be', () => {
  const { told, clock, build } = recorder();
  clock.seconds = 15;
  build.downloaded('go: downloading k8s.io/api v0.37.2\ngo: downloading k8s.io/klog/v2 v2.1.0\n');
  expect(told).toEqual(['kubectl: 2 packages built after 15 s']);
});
