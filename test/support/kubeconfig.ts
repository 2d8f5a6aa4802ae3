/** Which kubeconfig tests use: the one named by JTEL_TEST_KUBECONFIG, else that of the sandbox that test/run.ts brought up. */
import { Sandbox } from '../../sandbox/index.ts';

/** Path of the file. */
export async function testKubeconfig(): Promise<string> {
  const given = process.env['JTEL_TEST_KUBECONFIG'];
  if (given !== undefined && given !== '') return given;
  return (await testSandbox()).kubeconfigPath;
}

/** The sandbox that this test run uses (`test/run.ts --sandbox`). */
export async function testSandbox(): Promise<Sandbox> {
  return await Sandbox.attach(process.env['JTEL_SANDBOX'] || 'test');
}
