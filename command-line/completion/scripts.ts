/**
 * Scripts with which shells complete a program. Each asks the program itself, so none of them knows a command.
 */
export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

export type Program = 'kubectl-jtel' | 'jtel-operator';

/** The same for both programs, but for their names. */
export function completionScript(shell: Shell, program: Program): string {
  const name = program.replaceAll('-', '_');
  return { bash, zsh, fish }[shell].replaceAll('PROGRAM', program).replaceAll('FUNCTION', name);
}

/**
 * The answer's lines are `value<Tab>description`. The last is `:<number>`, as in kubectl's own completion.
 */
const bash = `# bash completion of PROGRAM
_FUNCTION() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :*) ;;
      *) printf -v line %q "\${line%%$'\\t'*}"; COMPREPLY+=("$line") ;;
    esac
  done < <(PROGRAM __complete_quoting "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _FUNCTION PROGRAM
`;

const zsh = `#compdef PROGRAM
# zsh completion of PROGRAM
_FUNCTION() {
  local line
  local -a found
  while IFS= read -r line; do
    case $line in
      :0) _files; return ;;
      :*) ;;
      *$'\\t'*) found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
      *) found+=("\${line//:/\\\\:}") ;;
    esac
  done < <(PROGRAM __complete_quoting "\${(@)words[2,CURRENT]}" 2>/dev/null)
  _describe 'PROGRAM' found
}
if [ "$funcstack[1]" = "_PROGRAM" ]; then _FUNCTION; else compdef _FUNCTION PROGRAM; fi
`;

const fish = `# fish completion of PROGRAM
function __FUNCTION_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l found (PROGRAM __complete_quoting $words[2..-1] 2>/dev/null)
  if contains -- :0 $found
    __fish_complete_path (commandline -ct)
  else
    string match -v -r '^:' -- $found
  end
end
complete -c PROGRAM -f -a '(__FUNCTION_complete)'
`;
