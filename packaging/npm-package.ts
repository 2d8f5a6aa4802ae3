/**
 * The npm package `jtel-operator`: both programs, bundled with everything they need, so installing it fetches
 * nothing else and runs no script. What is native or optional in the packages stays out, as in the operator's
 * image (images/bundle.ts): ssh2 uses Node's own cryptography, and koffi is only for the jobs in the toolbox's
 * image.
 */
import manifest from '../package.json' with { type: 'json' };
import { bundleBoth, contentOf, noticesOf } from '../images/bundle.ts';
import { noticesFile } from '../images/notices.ts';
import type { PackagedFile, PackagedFiles } from './archive.ts';
import { completions, licence, operatorPage, pluginPage, type Edition } from './contents.ts';

const bin = {
  'jtel-operator': 'bin/jtel-operator.js',
  'kubectl-jtel': 'bin/kubectl-jtel.js',
  'kubectl_complete-jtel': 'bin/kubectl_complete-jtel.js',
};

/** Contents of the package, with the folder `package/` that npm expects in an archive. */
export async function npmPackage(edition: Edition): Promise<PackagedFiles> {
  const bundle = await bundleBoth();
  const files: readonly (readonly [string, PackagedFile])[] = [
    ['package.json', { content: `${JSON.stringify(description(edition), null, 2)}\n` }],
    ['README.md', { content: readme }],
    ['LICENSE', { content: licence }],
    [noticesFile, { content: await noticesOf(bundle) }],
    [bin['jtel-operator'], launcher('jtel-operator.js')],
    [bin['kubectl-jtel'], launcher('start.js')],
    [bin['kubectl_complete-jtel'], launcher('start.js', `process.argv.splice(2, 0, '__complete');\n`)],
    ['man/kubectl-jtel.1', { content: pluginPage(edition) }],
    ['man/jtel-operator.1', { content: operatorPage(edition) }],
    ...completions(['kubectl-jtel', 'jtel-operator']),
    ...bundle.map((file) => [`lib/${file.fileName}`, { content: contentOf(file) }] as const),
  ];
  return new Map(files.map(([path, file]) => [`package/${path}`, file]));
}

function description({ version }: Edition): object {
  const { name, description: text, license, engines } = manifest;
  return {
    name,
    version,
    description: text,
    license,
    type: 'module',
    bin,
    man: ['man/kubectl-jtel.1', 'man/jtel-operator.1'],
    engines,
    // `npm publish` asks for a registry of one's own, and cannot make it public by accident.
    publishConfig: { access: 'restricted' },
  };
}

/** npm makes these work on Windows, too. */
function launcher(entry: string, before = ''): PackagedFile {
  const oldest = Number(/\d+/.exec(manifest.engines.node)?.[0]);
  const content = `#!/usr/bin/env node
if (Number(process.versions.node.split('.')[0]) < ${oldest}) {
  console.error('error: this needs Node ${oldest}, and is run by Node ' + process.versions.node);
  process.exit(1);
}
// docker-modem still calls url.parse(); people who use a program can do nothing with Node's warning of that.
process.noDeprecation = true;
${before}await import(new URL('../lib/${entry}', import.meta.url));
`;
  return { content, executable: true };
}

const readme = `# jtel-operator

After \`npm install --global\` of this package you have \`kubectl jtel\`, the plug-in of kubectl for people who look after jtel stacks, and
\`jtel-operator\`, for the vendor's build process and for people who prepare hosts.

    kubectl jtel --help
    man kubectl-jtel

kubectl completes \`kubectl jtel\` if its own completion is set up. For \`kubectl-jtel\` itself, see \`kubectl-jtel completion --help\`;
for \`jtel-operator\`, see \`jtel-operator completion --help\`.
`;
