#!/bin/sh
# Installs what building needs, with the word `tests` what all tests need too, and only what is
# missing; nothing is looked up when all is there. Needs root or sudo for that, and says what to
# install when it has neither.
set -eu

missing=
need() { # PACKAGE TEST...
  package=$1
  shift
  "$@" >/dev/null 2>&1 || missing="$missing $package"
}
has() { command -v "$1"; }
library() { pkg-config --exists "$1"; }

# The compiler's neighbours, and the libraries with their headers.
need gcc has cc
need libc6-dev test -f /usr/include/stdio.h # gcc only recommends it
need binutils has readelf
need pkg-config has pkg-config
need patchelf has patchelf
need libcurl4-openssl-dev library libcurl
need libsqlite3-dev library sqlite3
need libyaml-dev library yaml-0.1
need libsystemd-dev library libsystemd
need libssl-dev library libcrypto
need node-llhttp test -f /usr/share/llhttp/api.c
# Programs that the daemon and its simulator run.
need curl has curl
need ca-certificates test -s /etc/ssl/certs/ca-certificates.crt
need ffmpeg has ffmpeg
need nginx-light test -x /usr/sbin/nginx
need openssl has openssl
# The tests.
need python3 has python3
need python3-venv python3 -c 'import ensurepip, venv'
need procps has pgrep
need iproute2 has ip
if [ "${1-}" = tests ]; then
  # A browser for /studio, and the languages of the examples in docs/front-doors.md.
  need chromium has chromium
  need chromium-driver has chromedriver
  need nodejs has node
  need golang-go has go
fi

sudo=
if [ "$(id -u)" = 0 ]; then
  # A real systemd for the tests is booted in a container, which only root can do.
  need systemd-container has systemd-nspawn
elif has sudo >/dev/null && sudo -n true 2>/dev/null; then
  sudo=sudo
fi

[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] && [ -z "$sudo" ]; then
  echo "These packages are missing, and only root can install them:" >&2
  echo "  apt-get install --no-install-recommends$missing" >&2
  exit 1
fi
has apt-get >/dev/null || { echo "missing, and there is no apt-get:$missing" >&2; exit 1; }
echo "installing:$missing"

# No package may start a service here: policy-rc.d forbids it for as long as this runs.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy >/dev/null
  $sudo chmod 755 $policy
  trap '$sudo rm -f $policy' EXIT
fi
run() { $sudo env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 "$@"; }
run apt-get update -qq
# shellcheck disable=SC2086
run apt-get install -y -qq --no-install-recommends $missing >/dev/null
case $missing in
*nginx*) $sudo systemctl disable nginx >/dev/null 2>&1 || : ;; # nor at the next boot
esac
