/** What a failed connection to a host says about it. Pure. */
import type { JtelStack } from '../../crds/index.ts';
import type { HostError } from '../../host-driver/host.ts';
import { findCondition } from '../../runtime/report/conditions.ts';
import { failed, finding, ok, warning, type Finding } from '../finding.ts';
import { connectAdvice, type Asker, type Connected } from './network.ts';

export interface Attempt {
  /** What a plain connection to the host (or to its jump host) came to; absent if SSH was reached. */
  readonly connected: Connected | undefined;
  readonly asker: Asker;
}

/** @param error of the login, before anything ran on the host */
export function judgeConnection(stack: JtelStack, error: HostError, attempt: Attempt): readonly Finding[] {
  const { message } = error;
  const answers = finding('host-reachable', ok(`${error.host} answers.`));
  switch (error.reason) {
    case 'HostKeyMismatch':
      return [
        answers,
        finding(
          'host-key',
          failed(
            message,
            'Compare the fingerprint on the machine itself (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub); pin it only if it is that.',
          ),
        ),
      ];
    case 'AuthenticationFailed':
    case 'AddressBanned':
      // Without a cause nobody refused anything: the private key itself cannot be read, so nothing was sent.
      if (error.cause === undefined)
        return [
          finding(
            'host-login',
            failed(message, 'Use a private key in OpenSSH or PEM format, with its passphrase if it has one.'),
          ),
        ];
      return [
        answers,
        // sshd proves its key before it hears the user's; a ban comes before both.
        ...(error.reason === 'AuthenticationFailed'
          ? [finding('host-key', ok('The host shows a key that is pinned.'))]
          : []),
        finding(
          'host-login',
          failed(
            message,
            'Put the public half of the key into authorized_keys of that user, or correct user and Secret; do not try often, sshd bans for that.',
          ),
        ),
      ];
    default:
      return [finding('host-reachable', unreachable(stack, error, attempt))];
  }
}

function unreachable(
  { metadata, spec, status }: JtelStack,
  { message }: HostError,
  { connected, asker }: Attempt,
): ReturnType<typeof failed> {
  const { address, port, jumpHost } = spec.host;
  const where = jumpHost ?? { address, port };
  const advice = connectAdvice(
    connected ?? { kind: 'Open' },
    `${where.address}:${where.port}${jumpHost === undefined ? '' : ' (the jump host)'}`,
    asker,
  );
  if (asker === 'Operator') return failed(`${message}.`, advice);
  const fromThere = `the operator can ask from the cluster: jtel-operator check --stack ${metadata.namespace}/${metadata.name} in its pod (docs/doctor.md)`;
  // The condition speaks of the host that was looked at, not of one that is named only now.
  const isLookedAt = status?.host?.address === address;
  return isLookedAt && findCondition(status?.conditions, 'HostReachable')?.status === 'True'
    ? warning(
        `The host cannot be reached from here (${message}); the operator reaches it, as the condition HostReachable says.`,
        `Do nothing if only the cluster reaches it; ${fromThere}.`,
      )
    : failed(
        `${message}. That is seen from here.`,
        `${advice} If only the cluster reaches it, ${fromThere}.`,
      );
}

/** @param error after the login, while the host was looked at */
export function judgeObserving({ reason, message }: HostError): readonly Finding[] {
  switch (reason) {
    case 'HostOwned':
    case 'HostStateInvalid':
      return [
        finding(
          'host-owner',
          failed(message, 'See who changed that file: the operator does not write such a thing.'),
        ),
      ];
    case 'DockerUnavailable':
      return [
        finding(
          'docker',
          failed(
            message,
            'Put the SSH user into the group docker, and see that the daemon runs (systemctl status docker).',
          ),
        ),
      ];
    case 'DockerHangs':
      return [
        finding(
          'docker',
          failed(
            message,
            'Look at the daemon on the host (journalctl -u docker), and restart it if it does not recover.',
          ),
        ),
      ];
    default:
      return [
        finding(
          'host-login',
          failed(
            message,
            'Give the SSH user a POSIX shell whose profile lets commands through; then try again.',
          ),
        ),
      ];
  }
}
