/** Makes docs/jtel-operator.md from the commands themselves, so the page says what --help says. */
import { commandSections } from '../../command-line/markdown.ts';
import { createOperatorProgram } from './program.ts';
import { runCommand } from './run.ts';

const intro = `<!-- Made by \`make generate\` from operator/commands/; \`make lint\` keeps it fresh. -->
# jtel-operator

With this page you can configure the operator by flags and environment, and use the commands for vendors and for people who prepare hosts.

## Configuration of the operator

\`jtel-operator run\` below has every flag. A flag wins over its variable. In a cluster, the chart sets them: \`extraArgs\` and \`extraEnv\` of
[values.yaml](../charts/jtel-operator/values.yaml) take what has no value of its own. What concerns one stack is in its [fields](api.md) and
[annotations](annotations.md).

The environment has further variables, which libraries read:

| variable | what for |
|---|---|
| \`KUBECONFIG\` | kubeconfig files, outside of a cluster |
| \`HTTPS_PROXY\`, \`HTTP_PROXY\`, \`NO_PROXY\` | the way to blob storage and to Azure's management plane ([network.md](network.md#behind-a-proxy)) |
| \`AZURE_AUTHORITY_HOST\`, \`AZURE_RESOURCE_MANAGER_ENDPOINT\` | a sovereign cloud ([stores.md](stores.md#what-the-management-plane-adds)) |
| \`NODE_EXTRA_CA_CERTS\` | file with more certificate authorities, for a store or a proxy with its own |

Exit codes: 0 done, 1 failed, 2 wrong usage.
`;

/** @returns the whole page. */
export function operatorDocs(): string {
  const ignored = { print: () => {}, note: () => {}, signal: new AbortController().signal };
  return `${intro}\n## Commands\n\n${commandSections(createOperatorProgram(ignored, [runCommand]))}\n`;
}
