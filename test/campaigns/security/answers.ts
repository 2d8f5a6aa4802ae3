/**
 * What a hostile answer looks like. All of it is harmless: the worst is large, endless, or not what was asked for.
 */

/** What the reader expects; a hostile answer begins like it, so that it gets past the first look. */
export type Form = 'XML' | 'JSON' | 'Lines' | 'Frames' | 'Bytes';

export interface Answer {
  readonly name: string;
  /** Pieces of it, with a pause after each. */
  readonly pieces: (form: Form) => Iterable<Buffer | string>;
  readonly pauseMilliseconds?: number;
  /** Each byte is sent by itself. */
  readonly isCrumbled?: true;
  /** It never ends by itself; only the reader's bounds, or who called it, can end it. */
  readonly isSlow?: true;
}

/** One entry of what is listed, over and over. */
const entries: Readonly<Record<Form, { readonly begin: string; readonly entry: string }>> = {
  XML: {
    begin: '<?xml version="1.0"?><EnumerationResults ContainerName="c"><Blobs>',
    entry:
      '<Blob><Name>a</Name><Properties><Etag>0x1</Etag><Content-Length>1</Content-Length></Properties></Blob>',
  },
  JSON: {
    begin: '[',
    entry: '{"Id":"x","Names":["/x"],"Labels":{"a":"b"},"State":"running","Status":"Up"},',
  },
  Lines: {
    begin: '',
    entry:
      '{"Action":"start","status":"Downloading","progress":{"step":"a","percent":1},"Actor":{"Attributes":{"a":"b"}}}\n',
  },
  Frames: { begin: '', entry: '\u0001\0\0\0\0\0\0\u0008a line \n' },
  Bytes: { begin: '', entry: 'jtel' },
};

const pieceBytes = 64 * 1024;
const mebibyte = 1024 * 1024;

function piece({ entry }: { readonly entry: string }): Buffer {
  return Buffer.from(entry.repeat(Math.ceil(pieceBytes / entry.length)), 'latin1');
}

function* filled(form: Form, bytes: number): Generator<Buffer | string> {
  const shape = entries[form];
  yield shape.begin;
  const part = piece(shape);
  for (let sent = 0; sent < bytes; sent += part.length) yield part;
}

/** Depth that no document of ours has. */
const depth = 20_000;

const hostileText = [
  '$(touch /tmp/jtel); `id` | true #',
  '../../../../etc/passwd',
  '\u001B]0;title\u0007\u001B[2J\u001B[31m',
  `'; DROP TABLE x; --`,
  '!!js/function &a *a',
  '__proto__',
  '\u202E\u0000\u009B',
].join(' ');

export const answers: readonly Answer[] = [
  { name: 'too big', pieces: (form) => filled(form, 24 * mebibyte) },
  { name: 'endless', pieces: (form) => filled(form, Number.POSITIVE_INFINITY) },
  { name: 'one line without end', pieces: () => forever(Buffer.alloc(pieceBytes, 'x')) },
  { name: 'byte by byte', pieces: (form) => filled(form, mebibyte / 2), isCrumbled: true },
  { name: 'slow', pieces: () => forever(Buffer.from('x')), pauseMilliseconds: 20, isSlow: true },
  { name: 'silent', pieces: () => forever(Buffer.alloc(0)), pauseMilliseconds: 50, isSlow: true },
  { name: 'nothing', pieces: () => [] },
  { name: 'null', pieces: () => ['null\n'] },
  { name: 'noise', pieces: () => [Buffer.from(noise())] },
  { name: 'deeply nested', pieces: (form) => [form === 'XML' ? '<a>'.repeat(depth) : '['.repeat(depth)] },
  { name: 'cut off', pieces: (form) => [`${entries[form].begin}${entries[form].entry.slice(0, -9)}`] },
  { name: 'hostile text', pieces: (form) => [dressed(form, hostileText)] },
  { name: 'a hostile error', pieces: (form) => [asError(form, hostileText)] },
];

function* forever(part: Buffer): Generator<Buffer> {
  for (;;) yield part;
}

/** The same bytes at every run. */
function noise(): Uint8Array {
  let state = 1;
  return Buffer.alloc(pieceBytes).map(() => {
    state = (state * 69_069 + 12_345) % 2 ** 31;
    return state >> 16;
  });
}

/** The text in every place of an entry where the form has room for one. */
function dressed(form: Form, text: string): string {
  const inJSON = JSON.stringify(text);
  if (form === 'XML') {
    const inXML = escapedForXML(text);
    const name = `<Blob><Name>${inXML}</Name><Properties><Etag>${inXML}</Etag><Content-Length>${inXML}</Content-Length></Properties></Blob>`;
    return `<?xml version="1.0"?><EnumerationResults><Blobs>${name}</Blobs><NextMarker/></EnumerationResults>`;
  }
  if (form === 'Lines') return `{"error":${inJSON},"id":${inJSON},"status":${inJSON},"Action":${inJSON}}\n`;
  if (form === 'JSON')
    return `[{"Id":${inJSON},"Names":[${inJSON}],"Labels":{${inJSON}:${inJSON}},"State":${inJSON},"Status":${inJSON},"message":${inJSON}}]`;
  return text;
}

/** The text in the places of an error as Azure and Docker write one. */
function asError(form: Form, text: string): string {
  const [inXML, inJSON] = [escapedForXML(text), JSON.stringify(text)];
  if (form === 'XML')
    return `<?xml version="1.0"?><Error><Code>${inXML}</Code><Message>${inXML}</Message></Error>`;
  if (form === 'JSON') return `{"error":{"code":${inJSON},"message":${inJSON}},"message":${inJSON}}`;
  return form === 'Lines' ? `{"error":${inJSON}}\n` : text;
}

/** XML has no way to write controls. */
function escapedForXML(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll(/\p{Cc}/gu, '');
}
