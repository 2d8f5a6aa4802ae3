/** Whether a version may be released from a commit. Pure: `release.ts` collects the facts. */
import { valid } from 'semver';

export interface ReleaseFacts {
  readonly version: string;
  /** The commit that is checked out. */
  readonly commit: string;
  /** `git status --porcelain`. */
  readonly changedFiles: readonly string[];
  /** Commits of published versions, by version: of `packaging/published.json` and of the tags `vX.Y.Z`. */
  readonly published: Readonly<Record<string, string>>;
  /** Text of CHANGELOG.md. */
  readonly changelog: string;
  /** The version whose files lie in `dist/`; undefined if there are none. */
  readonly inDist?: string;
}

/** @returns what prevents the release, in words; empty when nothing does. */
export function obstaclesOf(facts: ReleaseFacts): readonly string[] {
  const { version, commit, changedFiles, published, changelog, inDist } = facts;
  // Tags of images know no `+`, so build metadata cannot be released.
  if (valid(version) !== version)
    return [`${JSON.stringify(version)} is no version: use MAJOR.MINOR.PATCH, such as 0.2.0 or 0.2.0-rc.1`];
  const found: string[] = [];
  const before = published[version];
  if (before !== undefined && before !== commit)
    found.push(`${version} was released from commit ${before}; this is ${commit}: choose another version`);
  if (changedFiles.length > 0)
    found.push(`files are not committed, so nobody could make this again: ${changedFiles.join(', ')}`);
  if (!changelog.split('\n').some((line) => line.startsWith(`## [${version}]`)))
    found.push(`CHANGELOG.md has no entry "## [${version}]"`);
  if (inDist !== undefined && inDist !== version)
    found.push(`dist/ holds ${inDist}: move it to its place, or remove it`);
  return found;
}
