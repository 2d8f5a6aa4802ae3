import { describe, expect, it } from 'vitest';
import { ByteCollector, ByteTail } from './byte-collector.ts';

describe('collected bytes', () => {
  it('are those that came, whatever the pieces', () => {
    const collected = new ByteCollector();
    const text = 'bytes in pieces '.repeat(5000);
    for (let at = 0, length = 1; at < text.length; at += length, length = (length % 700) + 1)
      collected.add(Buffer.from(text.slice(at, at + length)));
    expect(collected.bytes().toString()).toBe(text);
    expect(collected).toHaveLength(text.length);
  });

  it('take the memory of their bytes, in however many pieces they came', () => {
    const collected = new ByteCollector();
    const piece = Buffer.of(1);
    for (let count = 0; count < 1_000_000; count += 1) collected.add(piece);
    expect(collected.bytes().buffer.byteLength).toBeLessThan(2_100_000);
  });
});

describe('the tail of a stream', () => {
  it('has the last bytes, and says whether there were more', () => {
    const tail = new ByteTail(4);
    tail.add(Buffer.from('abc'));
    expect([tail.text(), tail.isCut]).toEqual(['abc', false]);
    for (const letter of 'defghijklmnop') tail.add(Buffer.from(letter));
    tail.add(Buffer.from('a long piece'));
    expect([tail.text(), tail.isCut, tail.bytesRead]).toEqual(['iece', true, 28]);
  });
});
