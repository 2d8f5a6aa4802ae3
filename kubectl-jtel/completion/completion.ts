/**
 * Scripts with which shells complete `kubectl-jtel`. Each asks the plug-in, so none of them knows a command.
 */
export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

export function completionScript(shell: Shell): string {
  return { bash, zsh, fish }[shell];
}

/**
 * The answer's lines are `value<Tab>description`. The last is `:<number>`, as in kubectl's own completion.
 */
const bash = `# bash completion of kubectl-jtel
_kubectl_jtel() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :*) ;;
      *) printf -v line %q "\${line%%$'\\t'*}"; COMPREPLY+=("$line") ;;
    esac
  done < <(kubectl-jtel __complete_quoting "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _kubectl_jtel kubectl-jtel
`;

const zsh = `#compdef kubectl-jtel
# zsh completion of kubectl-jtel
_kubectl_jtel() {
  local line
  local -a found
  while IFS= read -r line; do
    case $line in
      :*) ;;
      *$'\\t'*) found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
      *) found+=("\${line//:/\\\\:}") ;;
    esac
  done < <(kubectl-jtel __complete_quoting "\${(@)words[2,CURRENT]}" 2>/dev/null)
  _describe 'kubectl-jtel' found
}
if [ "$funcstack[1]" = "_kubectl-jtel" ]; then _kubectl_jtel; else compdef _kubectl_jtel kubectl-jtel; fi
`;

const fish = `# fish completion of kubectl-jtel
function __kubectl_jtel_complete
  set -l words (commandline -opc) (commandline -ct)
  kubectl-jtel __complete_quoting $words[2..-1] 2>/dev/null | string match -v -r '^:'
end
complete -c kubectl-jtel -f -a '(__kubectl_jtel_complete)'
`;
