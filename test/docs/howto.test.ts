import { expect, test } from 'vitest';
import { missingLine, notRun, parseHowTo, readHowTos, readStart, scriptOf } from './howto.ts';

test('each block of a how-to is run, or has a reason why not', async () => {
  const found = [await readStart(), ...(await readHowTos())].flatMap((howTo) =>
    howTo.notRun.map((block) => [howTo.page, block] as const),
  );
  const unexplained = found.filter(
    ([page, block]) => !notRun.some(([of, begin]) => of === page && block.startsWith(begin)),
  );
  const gone = notRun.filter(
    ([of, begin]) => !found.some(([page, block]) => of === page && block.startsWith(begin)),
  );
  expect({ unexplained, gone }).toEqual({ unexplained: [], gone: [] });
});

test('each how-to has something to run', async () => {
  const howTos = await readHowTos();
  expect(howTos.length).toBeGreaterThan(7);
  expect(howTos.filter(({ run }) => run.length === 0)).toEqual([]);
});

const page = `
\`\`\`sh
HOST=203.0.113.10
\`\`\`

\`\`\`yaml
ignored: true
\`\`\`

\`\`\`sh
ping $HOST
\`\`\`

\`\`\`text
64 bytes … ok
\`\`\`

\`\`\`shell
sudo reboot
\`\`\`
`;

test('a block knows the variables before it, with the values of the place where it runs', () => {
  const howTo = parseHowTo('page', page);
  expect(howTo.notRun).toEqual(['sudo reboot']);
  const [, block = { script: '', expected: [] }] = howTo.run;
  expect(block.expected).toEqual(['64 bytes … ok']);
  expect(scriptOf(howTo, block, { HOST: '10.0.0.1' })).toBe('HOST=10.0.0.1\nping $HOST\n');
});

test('what a block prints must have the expected lines, in their order, however they are spaced', () => {
  expect(missingLine('acme   3.43.1\n  Ready\n', ['acme 3.43.1', '… Ready'])).toBeUndefined();
  expect(missingLine('Ready\nacme', ['acme', 'Ready'])).toBe('Ready');
  expect(missingLine('acme 3.43.2', ['acme 3.43.1'])).toBe('acme 3.43.1');
});
