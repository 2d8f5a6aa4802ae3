/** What a job does with a store, in a process of its own, for the test of the proxy. */
import { Uploader } from '../../toolbox/backup/upload.ts';
import { takeProxy } from '../../toolbox/proxy.ts';
import { atOnce } from './pauses.ts';

await takeProxy(process.argv[2]);
const signal = new AbortController().signal;
const { status } = await fetch('http://store.example/c/a');
const uploader = new Uploader(
  {
    kind: 'SignedURL',
    containerUrl: 'http://store.example/c',
    query: 'sig=x',
    prefix: '',
    expiresTime: '2999-01-01T00:00:00Z',
  },
  1,
  signal,
  atOnce,
);
const upload = await uploader.put('a', Buffer.from('x'), '');
const tunnel = await fetch('https://store.example/c/a').then(
  () => 'passed',
  () => 'refused',
);
uploader.close();
process.send?.({ download: status, upload, tunnel });
process.disconnect?.();
