#!/bin/bash
# with-systemd.sh [--setup CMD] [--out DIR] [--timeout SEC] -- COMMAND ARG...
#
# Runs a command under a real systemd (PID 1, journald) and gives its exit status. systemd-nspawn
# boots it on a copy-on-write view of this machine's own root, so there is no image to build and
# nothing here is changed. Needs root; costs about a second. Exit status 77: cannot be done here.
#
#   --setup CMD    run on this side before the boot, with $ROOT the throw-away root
#   --out DIR      /ci/out in there; the whole journal is put there when the command fails
#   --timeout SEC  for the command
set -euo pipefail
setup=
out=
seconds=300
while [ $# -gt 0 ]; do
  case $1 in
  --setup) setup=$2; shift 2 ;;
  --out) out=$(realpath -m "$2"); shift 2 ;;
  --timeout) seconds=$2; shift 2 ;;
  --) shift; break ;;
  *) echo "unknown option $1" >&2; exit 64 ;;
  esac
done
[ $# -gt 0 ] || { echo "no command" >&2; exit 64; }
[ "$(id -u)" = 0 ] || { echo "needs root"; exit 77; }
command -v systemd-nspawn >/dev/null || { echo "needs systemd-nspawn (systemd-container)"; exit 77; }

# The hierarchies that systemd wants a place of its own in: cgroup2 and the named version 1 tree.
hierarchies() {
  for h in /sys/fs/cgroup/unified /sys/fs/cgroup/systemd /sys/fs/cgroup; do
    [ -e $h/cgroup.procs ] && echo $h
  done
  return 0
}
remove_groups() { # NAME
  for h in $(hierarchies); do
    [ -d "$h/$1" ] && find "$h/$1" -depth -type d -exec rmdir {} + 2>/dev/null
  done
  return 0
}

# All else happens in mount and PID namespaces of its own: no mount and no process outlives this
# script, not even when it is killed.
if [ -z "${WITH_SYSTEMD_ID:-}" ]; then
  WITH_SYSTEMD_ID=$$ setpriv --pdeathsig KILL unshare --mount --propagation private --pid --fork \
    --kill-child=KILL --mount-proc "$0" --setup "$setup" ${out:+--out "$out"} \
    --timeout "$seconds" -- "$@" &
  inner=$!
  trap 'kill -TERM $(pgrep -P $inner) 2>/dev/null' INT TERM # unshare itself ignores SIGTERM
  status=0
  wait $inner || status=$?
  while kill -0 $inner 2>/dev/null; do
    status=0
    wait $inner || status=$?
  done
  remove_groups kinora-test.$$
  exit $status
fi

# 1. The throw-away root: an overlay in memory over this machine's own.
work=/run/systemd/nspawn
mkdir -p $work
mount -t tmpfs -o size=4g,mode=700 kinora-test $work
mkdir -p $work/k/upper $work/k/work $work/k/root
root=$work/k/root
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/k/upper,workdir=$work/k/work" $root

# 2. Bootable, and with no service but what the test is about. An absent machine id would start the
# first boot's questions, an empty line in it is refused.
rm -f $root/etc/machine-id
systemd-id128 new >$root/etc/machine-id
rm -rf $root/etc/systemd/system/{multi-user,graphical,timers,getty,network-online}.target.wants \
  $root/etc/systemd/system/sockets.target.wants $root/var/log/journal
mkdir -p $root/etc/systemd/system $root/etc/systemd/journald.conf.d
for unit in systemd-firstboot.service systemd-networkd.service systemd-networkd.socket \
  systemd-networkd-wait-online.service systemd-timesyncd.service console-getty.service \
  apt-daily.timer apt-daily-upgrade.timer man-db.timer; do
  ln -sfn /dev/null "$root/etc/systemd/system/$unit"
done
printf '[Journal]\nStorage=volatile\nRateLimitIntervalSec=0\nForwardToWall=no\n' \
  >$root/etc/systemd/journald.conf.d/kinora-test.conf
[ -z "$setup" ] || ROOT=$root bash -ec "$setup"

# 3. Control groups of our own, so that nothing is made beside other people's.
group=kinora-test.$WITH_SYSTEMD_ID
for h in $(hierarchies); do mkdir "$h/$group"; done
container=
init=
cleanup() {
  status=$?
  set +e
  trap - EXIT INT TERM
  [ -n "$init" ] && kill -RTMIN+4 "$init" 2>/dev/null # poweroff.target
  if [ -n "$container" ]; then
    for _ in $(seq 100); do kill -0 "$container" 2>/dev/null || break; sleep 0.1; done
    kill -KILL "$container" 2>/dev/null
    wait "$container" 2>/dev/null
  fi
  remove_groups "$group"
  exit $status
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# 4. The boot. bpf is what makes DevicePolicy= and IPAddressDeny= really enforced in there.
options=(--directory=$root --boot --register=no --keep-unit --machine=kinora-test
  --hostname=kinora-test --private-network --console=pipe --kill-signal=SIGRTMIN+4
  --resolv-conf=off --timezone=off --link-journal=no --system-call-filter=bpf)
if [ -n "$out" ]; then
  mkdir -p "$out"
  options+=("--bind=$out:/ci/out")
fi
(
  for h in $(hierarchies); do echo $BASHPID >"$h/$group/cgroup.procs"; done
  exec env SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 setpriv --pdeathsig KILL \
    systemd-nspawn "${options[@]}" </dev/null
) >$work/k/nspawn.log 2>&1 &
container=$!
for _ in $(seq 600); do
  kill -0 $container 2>/dev/null || { cat $work/k/nspawn.log >&2; exit 70; }
  init=$(pgrep -P $container | head -1) && [ -n "$init" ] &&
    nsenter -t "$init" -m -r test -S /run/systemd/private 2>/dev/null && break
  sleep 0.05
done
inside() {
  nsenter -t "$init" --all --root --wdns=/ -- env -i LANG=C.UTF-8 HOME=/root \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}
state=$(inside timeout 60 systemctl is-system-running --wait || :)
echo "# $(inside systemctl --version | head -1), $state"
[ "$state" = running ] || inside systemctl --failed --no-pager --no-legend || :

# 5. The command, as a unit of that systemd: a control group of its own and the real exit status.
status=0
inside systemd-run --quiet --wait --pipe --collect --unit=kinora-test \
  -p RuntimeMaxSec="$seconds" -p Type=exec -E LANG=C.UTF-8 -- "$@" </dev/null || status=$?
if [ $status != 0 ] && [ -n "$out" ]; then
  inside journalctl -b -o short-monotonic --no-pager >"$out/journal.txt" || :
fi
exit $status
