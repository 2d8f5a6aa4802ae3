/** Quotes one argv element for a POSIX shell: sshd hands a command to the login shell as text. */
export function quote(argument: string): string {
  if (argument.includes('\0'))
    throw new TypeError('an argument with a NUL byte cannot be passed to a command');
  return `'${argument.replaceAll("'", `'\\''`)}'`;
}

/** A command line from argv elements. */
export function commandLine(argv: readonly string[]): string {
  return argv.map(quote).join(' ');
}
