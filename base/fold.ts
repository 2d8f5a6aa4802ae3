/** Breaks a line between words, for a terminal; its parts keep its indentation. A longer word stays whole. */

/** @param width in columns; undefined or Infinity: nothing is broken. */
export function fold(line: string, width: number | undefined): string[] {
  if (width === undefined || line.length <= width) return [line];
  const indent = /^ */.exec(line)?.[0] ?? '';
  const lines = [''];
  for (const word of line.split(/\s+/).filter((each) => each !== '')) {
    const last = lines.at(-1) ?? '';
    if (last === '') lines[lines.length - 1] = indent + word;
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(indent + word);
  }
  return lines;
}
