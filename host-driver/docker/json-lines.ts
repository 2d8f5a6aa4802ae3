/**
 * Reads Docker's streams of JSON objects, one per line, as they come and with backpressure. Chunks may end
 * anywhere.
 */

/** Docker writes no line longer than this. */
const longestLine = 1024 * 1024;

/** @throws errors of the stream, and SyntaxError for a line that is not JSON. */
export async function* jsonLines(
  stream: AsyncIterable<Buffer | string>,
): AsyncGenerator<unknown, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    let end = rest.indexOf('\n');
    while (end >= 0) {
      const line = rest.slice(0, end).trim();
      rest = rest.slice(end + 1);
      if (line !== '') yield JSON.parse(line);
      end = rest.indexOf('\n');
    }
    if (rest.length > longestLine) throw new SyntaxError('a line without end');
  }
  if (rest.trim() !== '') yield JSON.parse(rest);
}
