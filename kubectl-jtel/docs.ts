/** Makes docs/kubectl-jtel.md from the commands themselves, so the page says what --help says. */
import { described } from '../command-line/described.ts';
import { commandSections, optionTable } from '../command-line/markdown.ts';
import { createProgram } from './program.ts';
import { silentSurroundings } from './surroundings.ts';

const intro = `<!-- Made by \`make generate\` from kubectl-jtel/; \`make lint\` keeps it fresh. -->
# kubectl jtel

This page tells you how to install the plug-in, which rights it needs, and what each command does.

The plug-in of kubectl is for people who look after stacks. It asks the Kubernetes API, the host (over SSH with the pinned host
keys) and the backup store, always with your own rights. It needs no access to the operator, and the operator needs none to it.

## Installation

It comes as an npm package, as a single executable, and by krew: [packages.md](packages.md). From a checkout of this
repository, \`make plugin\` bundles it; run that again after the checkout has changed.

\`\`\`
make plugin                      # bundles it into .plugin/, and links that into ~/.local/bin
make plugin BINDIR=/usr/local/bin
kubectl jtel version
\`\`\`

Tab completes commands, options and the names of stacks, components, revisions and backups, if kubectl's own completion is
set up (\`kubectl completion --help\`). For \`kubectl-jtel\` itself: \`source <(kubectl-jtel completion bash)\`, or zsh, or fish.

## In k9s

Copy [deploy/k9s/plugins.yaml](../deploy/k9s/plugins.yaml) to \`$XDG_CONFIG_HOME/k9s/plugins/jtel.yaml\`. In the list of stacks
(\`:jst\`), keys then call these commands: \`s\` what is wrong, \`p\` plan, \`l\` logs, \`b\` back up now, \`Shift-W\` the page of
all stacks (Ctrl-C ends it), and more that \`?\` lists.

## Conventions

- Choose namespace, context and kubeconfig as with kubectl. Options may stand before or after the command.
- Results go to standard output, everything else to standard error. Colours appear only on terminals; \`NO_COLOR\` and
  \`--no-color\` switch them off. In a pipe nothing is shortened.
- \`-o json\` and \`-o yaml\` are for programs, \`-o wide\` for wide screens.
- Exit codes: 0 done, 1 failed, 2 wrong usage; \`exec\` returns that of its command.
- Ctrl-C stops waiting. The work continues, and the plug-in says how to follow it.

## Rights that you need

| command | verbs, in the namespace of the stack |
|---|---|
| status, open | get, list (and watch, with -w) jtelstacks |
| web | list and watch jtelstacks; what may be listed of jtelbackups, jtelrestores, jtelbackupstores, controllerrevisions and events is shown, too; for a plan, what plan needs |
| history, diff | the same, and list controllerrevisions |
| rollback | the same, and update jtelstacks |
| report | list everything of the namespace that is to be in it; Secrets are read to mask their values; of the operator's namespace: list pods and leases, get pods/log and pods/proxy. What you may not read is left out |
| logs, exec | get jtelstacks; get the Secrets with the SSH keys |
| plan | get jtelstacks, jtelbackupstores, jtelbackups, jtelrestores and every Secret that the stack names; list controllerrevisions and jtelrestores; get the namespace kube-system; update jtelstacks for -f (dry run) |
| consent | the same, and update jtelstacks |
| rollout status | get jtelchannels, which are in no namespace |
| rollout plan | the same, and list jtelstacks in all namespaces |
| rollout pause, resume | get and update jtelchannels |
| import status | get jtelstacks |
| import finish | get and patch jtelstacks |
| drills | list jteldrills, which are in no namespace |
| doctor | those of plan, as far as you have them: what you may not ask is skipped ([doctor.md](doctor.md)); get the operator’s Lease; create subjectaccessreviews |
| backup list, show, verify | get jtelstacks, jtelbackupstores and the Secret of the store; list jtelbackups |
| version | get customresourcedefinitions.apiextensions.k8s.io; list deployments.apps and leases.coordination.k8s.io in all namespaces, or in jtel-system, or in that of -n; get the Lease jtel-operator there, for operators before 0.2.0. What you may not see it leaves out, and says so |
| backup create, restore | create jtelbackups, or jtelrestores (and list, watch them, with --wait) |

\`logs\`, \`exec\`, \`plan\`, \`consent\` and \`doctor\` also need to reach the host's SSH port, the backup commands, \`plan\`, \`consent\` and \`doctor\` the store.
`;

/** @returns the whole page. */
export function pluginDocs(): string {
  const program = createProgram(silentSurroundings);
  return `${intro}\n## Options of every command\n\n${optionTable(described(program).options)}\n\n## Commands\n\n${commandSections(program)}\n`;
}
