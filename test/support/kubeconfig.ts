/** Which kubeconfig tests use. */
export async function testKubeconfig(): Promise<string> {
  const given = process.env['JTEL_TEST_KUBECONFIG'];
  if (given !== undefined && given !== '') return given;
  throw new Error('no test cluster: set JTEL_TEST_KUBECONFIG');
}
