/** Whether a host that was looked at is fit for a stack. Pure. */
import semver from 'semver';
import type { JtelStack } from '../../crds/index.ts';
import { isSupportedOS, oldestDebian } from '../../controllers/hosts/supported-os.ts';
import { isSameStack, type HostFacts, type HostState } from '../../host-driver/host.ts';
import { preflight } from '../../release/fitness.ts';
import type { Release } from '../../release/generated/release.ts';
import { failed, ok, skipped, warning, type Judgement } from '../finding.ts';

type Bootstrap = JtelStack['spec']['host']['bootstrap'];

/** The set-up script asks for the same (host-driver/bootstrap/setup-docker.sh). */
const oldest = { docker: '20.10.0', compose: '2.20.0' };

/** Certificates and tokens of stores tolerate some minutes; logs and schedules of people do not. */
const clockSeconds = { ok: 5, tolerable: 300 };
const leastFree = 0.1;

export function judgeOwner(
  { metadata }: JtelStack,
  state: HostState | undefined,
  clusterID: string | undefined,
): Judgement {
  const { namespace, name } = metadata;
  if (state === undefined) return ok('The host was not used for this stack before.');
  const { owner, moved } = state;
  const whose = `stack ${owner.namespace}/${owner.name} of cluster ${owner.clusterID}`;
  if (!isSameStack(owner, { clusterID: clusterID ?? owner.clusterID, namespace, name }))
    return failed(
      `The host belongs to ${whose}.`,
      'Use another host, or take that stack away first; docs/recovery.md says how a lost cluster is replaced.',
    );
  if (moved !== undefined)
    return warning(
      `The stack was moved from this host to ${moved.address}.`,
      'Name the host where it is now in spec.host; what is left here may be old.',
    );
  return ok(
    clusterID === undefined
      ? `The host belongs to ${whose}; you may not ask whether that is this cluster.`
      : 'The host belongs to this stack.',
  );
}

export function judgeOS(bootstrap: Bootstrap, facts: HostFacts): Judgement {
  const seen = `The host runs ${facts.osName || 'a system without a name'}, ${facts.architecture || 'on an unknown machine'}.`;
  return bootstrap === 'Preinstalled' || isSupportedOS(facts)
    ? ok(seen)
    : failed(
        seen,
        `Use Debian ${oldestDebian} or later, or prepare the host yourself and set spec.host.bootstrap to Preinstalled.`,
      );
}

export function judgeSudo(bootstrap: Bootstrap, user: string, { canSudo }: HostFacts): Judgement {
  if (canSudo) return ok(`${user} may use sudo without a password, or is root.`);
  const seen = `${user} may not use sudo without a password.`;
  const line = `echo '${user} ALL=(ALL) NOPASSWD: ALL' | sudo tee /etc/sudoers.d/jtel`;
  return bootstrap === 'Managed'
    ? failed(seen, `Allow it on the host (${line}), or set spec.host.bootstrap to Preinstalled.`)
    : warning(
        seen,
        `Give /opt/jtel to ${user} and put ${user} into the group docker (docs/hosts.md), or allow sudo.`,
      );
}

export function judgeDocker(bootstrap: Bootstrap, user: string, { dockerVersion }: HostFacts): Judgement {
  if (dockerVersion === undefined)
    return bootstrap === 'Managed'
      ? ok(`No Docker answers ${user}; the operator installs it, and lets ${user} use it.`)
      : failed(
          `No Docker answers ${user}.`,
          `Install Docker ${short(oldest.docker)} or later and put ${user} into the group docker (docs/hosts.md).`,
        );
  return versionOf('Docker', dockerVersion, oldest.docker, 'Upgrade it');
}

export function judgeCompose(bootstrap: Bootstrap, facts: HostFacts): Judgement {
  const { composeVersion, osID, osVersion } = facts;
  const next = 'Install the compose plugin';
  if (composeVersion !== undefined && isAtLeast(composeVersion, oldest.compose) !== false)
    return versionOf('docker compose', composeVersion, oldest.compose, next);
  const seen =
    composeVersion === undefined ? 'There is no docker compose.' : `docker compose is ${composeVersion}.`;
  const wanted = `${next}, version ${short(oldest.compose)} or later (docs/hosts.md).`;
  if (bootstrap === 'Preinstalled') return failed(seen, wanted);
  // Its own packages have none, so the set-up ends unless somebody adds a source.
  return osID === 'debian' && Number.parseInt(osVersion, 10) === 12
    ? warning(
        `${seen} Debian 12 has none of its own.`,
        'Add a package source that has it (docs/hosts.md#debian-12); then the operator installs it.',
      )
    : ok(`${seen} The operator installs it.`);
}

function versionOf(what: string, version: string, least: string, next: string): Judgement {
  const isEnough = isAtLeast(version, least);
  const seen = `${what} is ${version}.`;
  if (isEnough === undefined)
    return warning(seen, `See that this is ${short(least)} or later; the version could not be read.`);
  return isEnough ? ok(seen) : failed(seen, `${next}: ${short(least)} or later is needed (docs/hosts.md).`);
}

/** Undefined if it is no version. Loose, because Docker's 19.03 has a leading zero, of which semver makes nothing. */
function isAtLeast(version: string, least: string): boolean | undefined {
  const parsed = semver.coerce(version.slice(0, 100), { loose: true });
  return parsed === null ? undefined : semver.gte(parsed, least);
}

function short(version: string): string {
  return version.replace(/\.0$/, '');
}

export function judgeClock({ clockSkewSeconds }: HostFacts): Judgement {
  const away = Math.abs(clockSkewSeconds);
  const seen =
    away <= clockSeconds.ok
      ? `The clocks differ by ${away} s.`
      : `The host’s clock is ${away} s ${clockSkewSeconds > 0 ? 'ahead of' : 'behind'} the one here.`;
  const next = 'Set the clock that is wrong: install systemd-timesyncd or chrony, and see with timedatectl.';
  if (away <= clockSeconds.ok) return ok(seen);
  return away <= clockSeconds.tolerable
    ? warning(seen, next)
    : failed(`${seen} Certificates and the tokens of stores are refused with that.`, next);
}

/** A release that was read, or undefined: then it is not known what it needs. */
type MaybeRelease = Release | undefined;

export function judgeCapacity({ spec }: JtelStack, facts: HostFacts, release: MaybeRelease): Judgement {
  const seen = `The host has ${facts.cores} cores and ${Math.floor(facts.memoryBytes / 2 ** 20)} MiB of memory`;
  if (release === undefined)
    return skipped(
      `${seen}; what spec.size ${spec.size} needs is in the release, which could not be read.`,
      needsRelease,
    );
  const lacking = preflight(release, spec.size, facts).filter(({ check }) => check !== 'Disk');
  return lacking.length === 0
    ? ok(`${seen}, enough for size ${spec.size}.`)
    : failed(
        lacking.map(({ message }) => `${capital(message)}.`).join(' '),
        'Give the machine more, or choose a smaller spec.size.',
      );
}

export function judgeDisk({ spec }: JtelStack, facts: HostFacts, release: MaybeRelease): Judgement {
  const { diskTotalBytes, diskFreeBytes, imageDisk } = facts;
  const seen = `The disk for Docker’s volumes has ${gibibytes(diskTotalBytes)}, ${gibibytes(diskFreeBytes)} free`;
  if (release === undefined)
    return skipped(
      `${seen}; what spec.size ${spec.size} needs is in the release, which could not be read.`,
      needsRelease,
    );
  const lacking = preflight(release, spec.size, facts).find(({ check }) => check === 'Disk');
  if (lacking !== undefined)
    return failed(`${capital(lacking.message)}.`, 'Enlarge the disk, or choose a smaller spec.size.');
  const next = 'Free some: docker system df shows what Docker uses.';
  if (diskFreeBytes < diskTotalBytes * leastFree) return warning(`${seen}: less than a tenth.`, next);
  if (imageDisk !== undefined && imageDisk.freeBytes < imageDisk.totalBytes * leastFree)
    return warning(
      `The disk for images has ${gibibytes(imageDisk.freeBytes)} free: less than a tenth.`,
      next,
    );
  return ok(`${seen}.`);
}

const needsRelease = 'Correct what the checks of the release say; then ask again.';

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

/** @param remarks of `hostRemarks`: each says what to do */
export function judgeRemarks(remarks: readonly string[]): Judgement {
  return remarks.length === 0
    ? ok('Nothing is strange about the host.')
    : warning(remarks.join(' '), 'Do what the remark says, if you mind it: it stops nothing.');
}
