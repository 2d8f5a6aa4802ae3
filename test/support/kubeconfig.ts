/**
 * Which API server tests talk to: the one named by JTEL_TEST_KUBECONFIG, else the control plane of the tests'
 * sandbox (JTEL_SANDBOX, default `test`), brought up when it is not there.
 */
let path: Promise<string> | undefined;

export async function testKubeconfig(): Promise<string> {
  const given = process.env['JTEL_TEST_KUBECONFIG'];
  if (given !== undefined && given !== '') return given;
  path ??= sandboxKubeconfig();
  return path;
}

async function sandboxKubeconfig(): Promise<string> {
  // Imported only when needed: most tests of the runtime want no more than one kubeconfig.
  const { Sandbox, lineProgress } = await import('../../sandbox/index.ts');
  const sandbox = await Sandbox.up({
    name: process.env['JTEL_SANDBOX'] || 'test',
    only: ['control-plane'],
    progress: lineProgress(),
  });
  return sandbox.kubeconfigPath;
}
