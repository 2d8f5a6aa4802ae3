/** What can be wrong between the operator and a real sshd, and what becomes of it. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createHostDriver } from '../../../host-driver/connect.ts';
import type { Host, HostDriver, HostTarget } from '../../../host-driver/host.ts';
import { driverSandbox } from '../../support/driver-sandbox.ts';
import type { DriverSandbox } from '../../support/driver-sandbox.ts';
import { aFence, aFile, aRelease } from '../../support/host-builders.ts';
import { waitFor } from '../../support/wait.ts';

const signal = new AbortController().signal;
const nothing = (): void => undefined;
const project = 'jtel-demo-connection';
const canary = 'hunter2-registry-canary';
let sandbox: DriverSandbox;
let drivers: HostDriver[] = [];

function connect(target: HostTarget): Host {
  const driver = createHostDriver();
  drivers.push(driver);
  return driver.host(target);
}

/** How often a text occurs in the log of the host's sshd. */
async function logged(name: string, text: string): Promise<number> {
  const { container } = sandbox.sandbox.host(name);
  const { stderr } = await sandbox.sandbox.docker.tryRun(['logs', container]);
  return stderr.split(text).length - 1;
}

/** Logins that sshd let in. */
function logins(name: string): Promise<number> {
  return logged(name, 'Accepted publickey');
}

/** sshd restarts itself to read its settings, and is away for a moment. */
function afterReload(): Promise<Host> {
  return waitFor('sshd with its new settings', async () => {
    const host = connect(sandbox.target('host-1'));
    await host.observe(project, 'quick', signal);
    return host;
  });
}

beforeAll(async () => {
  sandbox = await driverSandbox('driver-connection', [{ name: 'host-1' }, { name: 'jump-1', kind: 'bare' }]);
});

afterEach(async () => {
  await Promise.all(drivers.map((driver) => driver.close()));
  drivers = [];
});

afterAll(() => sandbox.sandbox.down());

describe('a connection', () => {
  it('with a key that the host does not know is refused, and not tried again at once', async () => {
    const other = await sandbox.onHost(
      'host-1',
      'rm -f /tmp/other; ssh-keygen -q -t ed25519 -N "" -f /tmp/other; cat /tmp/other',
    );
    const host = connect(sandbox.target('host-1', { privateKey: `${other}\n` }));
    await expect(host.observe(project, 'quick', signal)).rejects.toMatchObject({
      reason: 'AuthenticationFailed',
      message: expect.stringContaining('authorized_keys'),
    });
    const refused = 'Connection closed by authenticating user jtel';
    await waitFor('sshd to note it', async () => (await logged('host-1', refused)) === 1);
    await expect(host.observe(project, 'quick', signal)).rejects.toMatchObject({
      reason: 'AuthenticationFailed',
    });
    await connect(sandbox.target('host-1')).observe(project, 'quick', signal);
    expect(await logged('host-1', refused)).toBe(1);
  });

  it('with something that is no key says so, without showing it', async () => {
    const host = connect(
      sandbox.target('host-1', {
        privateKey: `-----BEGIN OPENSSH PRIVATE KEY-----\n${canary}\n-----END OPENSSH PRIVATE KEY-----\n`,
      }),
    );
    const failure = await host.observe(project, 'quick', signal).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      reason: 'AuthenticationFailed',
      message: expect.stringContaining('ssh-privatekey'),
    });
    expect(String(failure)).not.toContain(canary);
  });

  it('to a machine with another host key ends before the login: zero commands are sent', async () => {
    const before = await logins('host-1');
    const host = connect(sandbox.target('host-1', { hostKeyFingerprints: [`SHA256:${'A'.repeat(43)}`] }));
    await expect(host.claim(project, aFence(), signal)).rejects.toMatchObject({
      reason: 'HostKeyMismatch',
      message: expect.stringContaining(sandbox.sandbox.host('host-1').hostKeyFingerprint),
    });
    expect(await logins('host-1')).toBe(before);
  });

  it('without any pinned fingerprint is refused', async () => {
    await expect(
      connect(sandbox.target('host-1', { hostKeyFingerprints: [] })).observe(project, 'quick', signal),
    ).rejects.toMatchObject({ reason: 'HostKeyMismatch' });
  });

  it.each(['a port where nobody listens', 'an address that nobody has'])(
    'to %s fails within 25 s',
    async (what) => {
      const target = sandbox.target('host-1');
      const nobody = what.includes('port')
        ? { ...target, port: 9 }
        : { ...target, address: target.address.replace(/\d+$/, '253') };
      const start = Date.now();
      await expect(connect(nobody).observe(project, 'quick', signal)).rejects.toMatchObject({
        reason: 'HostUnreachable',
      });
      expect(Date.now() - start).toBeLessThan(25_000);
    },
  );

  it('leads through a jump host, whose key is pinned too', async () => {
    const { machineID } = (await connect(sandbox.target('host-1')).observe(project, 'full', signal)).facts;
    const jumpHost = sandbox.target('jump-1');
    const host = connect(sandbox.target('host-1', { jumpHost }));
    expect((await host.observe(project, 'full', signal)).facts).toMatchObject({
      machineID,
      dockerVersion: expect.any(String),
    });
    const before = await logins('jump-1');
    const wrong = connect(
      sandbox.target('host-1', {
        jumpHost: { ...jumpHost, hostKeyFingerprints: [`SHA256:${'A'.repeat(43)}`] },
      }),
    );
    await expect(wrong.observe(project, 'quick', signal)).rejects.toMatchObject({
      reason: 'HostKeyMismatch',
      host: expect.stringContaining(jumpHost.address),
    });
    expect(await logins('jump-1')).toBe(before);
  });

  it('is one for all that concerns a host, however many ask at once', async () => {
    const before = await logins('host-1');
    const driver = createHostDriver();
    drivers.push(driver);
    await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        driver.host(sandbox.target('host-1')).observe(`${project}-${i}`, 'full', signal),
      ),
    );
    expect(await logins('host-1')).toBe(before + 1);
  });

  it('that was cut gives up in bounded time, and works again afterwards', async () => {
    const host = connect(sandbox.target('host-1'));
    await host.observe(project, 'quick', signal);
    const faults = sandbox.sandbox.faults('host-1');
    await faults.cut();
    const start = Date.now();
    try {
      await expect(host.observe(project, 'quick', signal)).rejects.toMatchObject({
        reason: 'HostUnreachable',
      });
      expect(Date.now() - start).toBeLessThan(30_000);
    } finally {
      await faults.mend();
    }
    await waitFor('the host to answer again', () => host.observe(project, 'quick', signal), {
      timeoutSeconds: 60,
    });
  });

  it('that is lost while compose works leaves the outcome unknown, and compose goes on to the end', async () => {
    const { image, credentials } = sandbox;
    const host = connect(sandbox.target('host-1'));
    const release = aRelease(project, image);
    await host.claim(project, aFence(), signal);
    await host.writeRelease(project, release, aFence(), signal);
    await host.pull([image], credentials, nothing, signal);
    const applying = host
      .composeUp(project, release, 'all', aFence(), signal)
      .catch((error: unknown) => error);
    await waitFor(
      'compose to run',
      async () => (await sandbox.onHost('host-1', 'pgrep -f "[c]ompose.* create --no-build" || true')) !== '',
      { intervalMilliseconds: 10 },
    );
    await sandbox.onHost('host-1', 'pkill -u jtel -x "sshd|sshd-session"');
    expect(await applying).toMatchObject({ reason: 'OutcomeUnknown' });
    const seen = await waitFor('compose to end', async () => {
      const now = await host.observe(project, 'quick', signal).catch(nothing);
      return now?.currentRelease === release.digest && now;
    });
    expect(seen.containers.map(({ service }) => service).toSorted()).toEqual(['db', 'web']);
    await host.destroy(project, aFence(), signal);
  });

  it.each([
    ['as it comes', ''],
    [
      'hardened',
      'KexAlgorithms=diffie-hellman-group16-sha512 Ciphers=aes256-ctr MACs=hmac-sha2-512-etm@openssh.com',
    ],
    [
      'with NIST curves',
      'KexAlgorithms=ecdh-sha2-nistp384 Ciphers=aes256-gcm@openssh.com MACs=hmac-sha2-256',
    ],
    ['with ChaCha20 only', 'KexAlgorithms=curve25519-sha256 Ciphers=chacha20-poly1305@openssh.com'],
  ])('works with an sshd %s, which hears of nothing old', async (_, settings) => {
    const options =
      settings === ''
        ? ''
        : settings
            .split(' ')
            .map((one) => `-o ${one}`)
            .join(' ');
    const log = '/tmp/sshd-2224.log';
    await sandbox.onHost(
      'host-1',
      `rm -f ${log}; /usr/sbin/sshd -p 2224 -E ${log} -o LogLevel=DEBUG2 -o PidFile=/run/sshd-2224.pid ${options}`,
    );
    try {
      const target = { ...sandbox.target('host-1'), port: 2224 };
      const seen = await waitFor('the second sshd', () => connect(target).observe(project, 'quick', signal));
      expect(seen?.facts.machineID).toMatch(/^[0-9a-f]{32}$/);
      const said = await sandbox.onHost(
        'host-1',
        `grep -A 10 'peer client KEXINIT proposal' ${log} | grep -E 'KEX|host key|ciphers|MACs|compression'`,
      );
      expect(said).toContain('hmac-sha2-256');
      expect(said).not.toMatch(/sha1|md5|cbc|zlib|ssh-rsa/);
    } finally {
      await sandbox.onHost('host-1', 'kill $(cat /run/sshd-2224.pid)');
    }
  });

  // A test host has no systemd, so a line of Perl does what its unit ssh.socket does.
  it.each([
    [
      'is started for each connection, as by ssh.socket of Debian 12',
      '$SIG{CHLD} = "IGNORE"; while (my $c = $l->accept) { unless (fork) { open STDIN, "<&", $c; open STDOUT, ">&", $c; exec "/usr/sbin/sshd", "-i" } close $c }',
    ],
    [
      'is given its port by systemd, with drop-ins, as in Ubuntu 24.04',
      'dup2(fileno $l, 3); ($ENV{LISTEN_FDS}, $ENV{LISTEN_PID}) = (1, $$); exec "/usr/sbin/sshd", "-D", "-o", "KbdInteractiveAuthentication=no", "-o", "X11Forwarding=yes", "-o", "AcceptEnv=LANG LC_*"',
    ],
  ])('works with an sshd that %s', async (_, start) => {
    const listens = 'my $l = IO::Socket::INET->new(LocalPort => 2225, Listen => 5, ReuseAddr => 1) or die;';
    const unit = `perl -MIO::Socket::INET -MPOSIX=dup2 -e '$^F = 9; ${listens} ${start}'`;
    const pid = await sandbox.onHost('host-1', `${unit} </dev/null >/dev/null 2>&1 & echo $!`);
    try {
      const target = { ...sandbox.target('host-1'), port: 2225 };
      const seen = await waitFor('that sshd', () =>
        connect(target).observe(project, 'full', signal).catch(nothing),
      );
      expect(seen?.facts.dockerVersion).toMatch(/^\d+\./);
    } finally {
      await sandbox.onHost('host-1', `kill ${pid}; while [ -e /proc/${pid}/exe ]; do sleep 0.1; done`);
    }
  });

  it('works where sshd forwards no sockets, through the docker command', async () => {
    const conf = '/etc/ssh/sshd_config.d/05-no-sockets.conf';
    await sandbox.onHost('host-1', `echo 'AllowStreamLocalForwarding no' >${conf}; pkill -HUP -o -x sshd`);
    try {
      const { image, credentials } = sandbox;
      const host = await afterReload();
      const looks = await Promise.all(
        Array.from({ length: 12 }, () => host.observe(project, 'full', signal)),
      );
      for (const look of looks) expect(look.facts.dockerVersion).toBeDefined();
      await host.pull([image], credentials, nothing, signal);
      expect(await sandbox.onHost('host-1', 'pgrep -fc "[d]ial-stdio"')).toMatch(/^[1-9]/);
    } finally {
      await sandbox.onHost('host-1', `rm -f ${conf}; pkill -HUP -o -x sshd`);
      await afterReload();
    }
  });

  it('to a machine that was given another host key meanwhile is refused', async () => {
    const target = sandbox.target('host-1');
    await connect(target).observe(project, 'quick', signal);
    await sandbox.sandbox.faults('host-1').changeHostKey();
    await expect(connect(target).observe(project, 'quick', signal)).rejects.toMatchObject({
      reason: 'HostKeyMismatch',
    });
    await sandbox.sandbox.refresh();
    await expect(connect(sandbox.target('host-1')).observe(project, 'quick', signal)).resolves.toBeDefined();
  });
});

describe('the record on a host', () => {
  it('knows a secret that was changed by hand, also under a keyed name', async () => {
    const host = connect(sandbox.target('host-1'));
    const [name, folder] = ['5'.repeat(64), `/opt/jtel/${project}`];
    const secret = { ...aFile('a password', 0o600), name };
    const release = { ...aRelease(project, sandbox.image), files: [secret, aFile('public')] };
    await host.claim(project, aFence(), signal);
    await host.writeRelease(project, release, aFence(), signal);
    await sandbox.onHost('host-1', `ln -sfn releases/${release.digest} ${folder}/current`);
    expect((await host.observe(project, 'full', signal)).changed).toEqual([]);
    expect((await sandbox.onHost('host-1', `stat -c %a ${folder}/releases/*/files.sum`)).trim()).toBe('600');
    await sandbox.onHost('host-1', `echo x >>${folder}/files/${name}`);
    expect((await host.observe(project, 'full', signal)).changed).toEqual([`files/${name}`]);
    await host.destroy(project, aFence(), signal);
  });

  it('is kept by containers as well: one that a repair did not come to is known, and restarted', async () => {
    const host = connect(sandbox.target('host-1'));
    const { image, credentials } = sandbox;
    const release = aRelease(project, image);
    const name = release.files[0]?.name ?? '';
    const file = `/opt/jtel/${project}/files/${name}`;
    const db = `docker ps -q --filter label=com.docker.compose.project=${project} --filter label=com.docker.compose.service=db`;
    const runsWith = async (): Promise<string> =>
      (await sandbox.onHost('host-1', `docker exec $(${db}) cat /run/password`)).trim();
    await host.claim(project, aFence(), signal);
    await host.writeRelease(project, release, aFence(), signal);
    await host.pull([image], credentials, nothing, signal);
    await host.composeUp(project, release, 'all', aFence(), signal);
    const before = await host.observe(project, 'full', signal);
    await host.writeRelease(project, release, aFence(), signal);
    const after = await host.observe(project, 'full', signal);
    expect(after.containers.map(({ startedSeconds }) => startedSeconds)).toEqual(
      before.containers.map(({ startedSeconds }) => startedSeconds),
    );
    // As by a repair that died before it restarted anything.
    await sandbox.onHost(
      'host-1',
      `cp -p ${file} ${file}.right; echo edited >>${file}; mv ${file}.right ${file}`,
    );
    expect(await runsWith()).toContain('edited');
    expect((await host.observe(project, 'full', signal)).changed).toEqual([`files/${name}`]);
    await host.writeRelease(project, release, aFence(), signal);
    expect(await runsWith()).toBe('a password');
    expect((await host.observe(project, 'full', signal)).changed).toEqual([]);
    await host.destroy(project, aFence(), signal);
  });

  it('that was forged is left as it is, until somebody takes it anew', async () => {
    const host = connect(sandbox.target('host-1'));
    const folder = `/opt/jtel/${project}`;
    await host.claim(project, aFence(), signal);
    for (const forged of ['{', '{"formatVersion": 1, "epoch": 1e300}', '[]']) {
      await sandbox.onHost('host-1', `echo '${forged}' >${folder}/state.json`);
      const refused = {
        reason: 'HostStateInvalid',
        message: expect.stringContaining(`sudo mv ${folder}/state.json`),
      };
      await expect(host.observe(project, 'quick', signal)).rejects.toMatchObject(refused);
      await expect(host.claim(project, aFence(2), signal)).rejects.toMatchObject(refused);
      expect((await sandbox.onHost('host-1', `cat ${folder}/state.json`)).trim()).toBe(forged);
    }
    await sandbox.onHost('host-1', `mv ${folder}/state.json ${folder}/state.json.bad`);
    expect((await host.observe(project, 'quick', signal)).state).toBeUndefined();
    expect(await host.claim(project, aFence(3), signal)).toMatchObject({ epoch: 3 });
    const foreign = '"volumes": { "database": "jtel-other_database" }';
    await sandbox.onHost('host-1', `sed -i '1s/.*/{ ${foreign},/' ${folder}/state.json`);
    await expect(host.observe(project, 'quick', signal)).rejects.toMatchObject({
      reason: 'HostStateInvalid',
      message: expect.stringMatching(/cannot be used: it names volumes of others; .*: sudo mv /),
    });
    await sandbox.onHost('host-1', `sed -i '1s/.*/{/' ${folder}/state.json`);
    await sandbox.onHost('host-1', `sed -i 's/^3 /9007199254740991 /' ${folder}/fence`);
    await expect(host.observe(project, 'quick', signal)).rejects.toMatchObject({
      reason: 'HostStateInvalid',
      message: expect.stringContaining(`sudo rm ${folder}/fence`),
    });
    await sandbox.onHost('host-1', `mv ${folder}/state.json ${folder}/state.json.bad; rm ${folder}/fence`);
    expect(await host.claim(project, aFence(4), signal)).toMatchObject({ epoch: 4 });
    await host.destroy(project, aFence(4), signal);
  });
});
