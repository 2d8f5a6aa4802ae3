import { describe, expect, it } from 'vitest';
import { aChannel } from '../controllers/channel/testing.ts';
import { aStack } from '../controllers/stack/testing.ts';
import type { JtelChannel, JtelStack } from '../crds/index.ts';
import { asItBegins } from './channel.ts';

const { signal } = new AbortController();
const following = (spec: Partial<JtelStack['spec']> = {}): JtelStack =>
  aStack({ version: '', channelRef: { name: 'stable' }, ...spec });

async function asked(stack: JtelStack, channel?: JtelChannel): ReturnType<typeof asItBegins> {
  const find = (_kind: unknown, { name }: { readonly name: string }): Promise<never> =>
    Promise.resolve((name === channel?.metadata.name ? channel : undefined) as never);
  return await asItBegins(stack, { find }, signal);
}

describe('the release that is examined of a stack', () => {
  const waves = [
    { name: 'pilot', version: '3.43.2' },
    { name: 'rest', version: '3.43.1' },
  ];
  const channel = aChannel({ version: '3.43.2' }, { waves } as unknown as JtelChannel['status']);

  it('is its own, if it follows no channel', async () =>
    expect(await asked(aStack({ version: '3.43.2' }))).toMatchObject({ spec: { version: '3.43.2' } }));
  it('is what its channel said, once it has', async () =>
    expect(await asked(following({ version: '3.43.0' }), channel)).toMatchObject({
      spec: { version: '3.43.0' },
    }));
  it('is that of its wave, before it is applied', async () => {
    expect(await asked(following(), channel)).toMatchObject({ spec: { version: '3.43.1' } });
    expect(await asked(following({ channelWave: 'pilot' }), channel)).toMatchObject({
      spec: { version: '3.43.2' },
    });
  });
  it('is that of the channel, if that is new, too', async () =>
    expect(await asked(following(), aChannel({ version: '3.43.2' }))).toMatchObject({
      spec: { version: '3.43.2' },
    }));
  it('is not known without the channel', async () =>
    expect(await asked(following())).toMatchObject({
      verdict: 'Failed',
      seen: 'JtelChannel stable, which spec.channelRef names, does not exist.',
    }));
  it('is not known without a wave', async () =>
    expect(await asked(following({ channelWave: 'nosuch' }), channel)).toMatchObject({
      verdict: 'Failed',
      seen: 'JtelChannel stable has no wave for the stack.',
    }));
});
