/**
 * Reads Docker's streams of JSON objects, one per line, as they come and with backpressure. Chunks may end
 * anywhere.
 */

import { ByteCollector } from '../../base/byte-collector.ts';
import { inTurns } from '../../base/in-turns.ts';

const lineFeed = 0x0a;
/** Docker writes no line longer than this. */
const longestLine = 1024 * 1024;

/** @throws errors of the stream, and SyntaxError for a line that is not JSON. */
export async function* jsonLines(stream: AsyncIterable<Buffer>): AsyncGenerator<unknown, void, undefined> {
  let begun = new ByteCollector();
  for await (const chunk of inTurns(stream)) {
    let at = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, at)) {
      const rest = chunk.subarray(at, end);
      at = end + 1;
      if (begun.length === 0) yield* parsed(rest);
      else {
        begun.add(rest);
        yield* parsed(begun.bytes());
        begun = new ByteCollector();
      }
    }
    begun.add(chunk.subarray(at));
    if (begun.length > longestLine) throw new SyntaxError('a line without end');
  }
  yield* parsed(begun.bytes());
}

function* parsed(line: Buffer): Generator<unknown, void, undefined> {
  const text = line.toString('utf8').trim();
  if (text !== '') yield JSON.parse(text);
}
