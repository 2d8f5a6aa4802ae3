import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { aRenderInput } from '../test/support/release-builder.ts';
import { renderHere } from './render-here.ts';

describe('names of secrets that were read from a host', () => {
  const key = 'ab'.repeat(32);
  const sha256 = createHash('sha256').update('PEM').digest('hex');
  const named = (kept?: string) => {
    const fileNames = { key, plain: [], ...(kept === undefined ? {} : { kept: [{ sha256, name: kept }] }) };
    return renderHere(aRenderInput({ fileNames }));
  };

  it('stay', () => {
    const name = 'ef'.repeat(32);
    expect(named(name).files.find(({ content }) => content === 'PEM')?.name).toBe(name);
  });

  it('are given up where a readable file has one of them', () => {
    const readable = named().files.find(({ mode }) => mode !== 0o600)?.name;
    expect(readable).toMatch(/^[0-9a-f]{64}$/);
    expect(named(readable).digest).toBe(named().digest);
  });
});
