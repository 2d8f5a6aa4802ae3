/** Apart from the check that throws it, so that whoever only tells it does not load the check. */

/** The manifest is invalid. `problems` are complete sentences, each with the place. */
export class ReleaseInvalidError extends Error {
  override readonly name = 'ReleaseInvalidError';
  readonly problems: readonly string[];

  /** @param what names the manifest, for instance `release.yaml of /srv/3.43.2`. */
  constructor(what: string, problems: readonly string[]) {
    const lines = problems.slice(0, 20).map((problem) => `\n- ${problem}`);
    const more = problems.length > 20 ? `\n- … and ${problems.length - 20} more` : '';
    super(`${what} is not a valid release manifest:${lines.join('')}${more}`);
    this.problems = problems;
  }
}
