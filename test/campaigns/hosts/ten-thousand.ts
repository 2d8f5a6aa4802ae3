/** Shell lines that give a host ten thousand containers of somebody else, and take them away. Docker itself would need an hour to make them. */
const docker = '/var/lib/docker';
const mounts = `${docker}/image/overlay2/layerdb/mounts`;
const started =
  'service docker start >/dev/null 2>&1; until docker version >/dev/null 2>&1; do sleep 0.5; done';

/** One is made, and what Docker wrote about it is written again under other ids. Docker reads that when it starts. */
export const madeContainers = `
  c=$(docker create --name one $(docker image ls -q | head -n 1) true) && service docker stop >/dev/null 2>&1
  perl -e '
    my $c = shift;
    local $/; open(my $from, "<", "${docker}/containers/$c/config.v2.json") or die $!; my $config = <$from>;
    for my $i (1 .. 10000) {
      my $id = sprintf("%064x", $i);
      mkdir $_ or die $! for "${docker}/containers/$id", "${mounts}/$id";
      (my $own = $config) =~ s/$c/$id/g; $own =~ s#"/one"#"/many-$i"#g;
      open(my $to, ">", "${docker}/containers/$id/config.v2.json") or die $!; print $to $own; close $to;
      link "${docker}/containers/$c/hostconfig.json", "${docker}/containers/$id/hostconfig.json";
      link "${mounts}/$c/$_", "${mounts}/$id/$_" for qw(mount-id init-id parent);
    }' $c
  ${started}
  [ "$(docker ps -aq | wc -l)" -gt 10000 ]`;

export const removedContainers = `
  docker rm one >/dev/null; service docker stop >/dev/null 2>&1
  find ${docker}/containers ${mounts} -maxdepth 1 -name '00000000*' -exec rm -rf {} +
  ${started}`;
