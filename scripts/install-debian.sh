#!/bin/sh
# Installs from Debian's own archive what a machine needs to run the lab, or to be a host of a
# fleet. Does nothing, and says nothing, where all of it is there. Needs root and apt.
set -eu

# docker.io recommends git and more that no host needs. libc-bin has ldd, util-linux has nsenter.
packages='docker.io haproxy iproute2 nftables procps tar util-linux libc-bin'
policy=/usr/sbin/policy-rc.d
saved=

fail() {
  printf 'install-debian: %s\n' "$1" >&2
  exit 1
}

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Debian starts the services of what it installs, unless this program says no: a Docker Engine or
# an HAProxy of the machine's own would hold its ports and set up a bridge and packet filters.
guard() {
  # Our own guard, left by a run that was killed, is none of the machine's.
  if [ -e "$policy" ] && ! grep -q 'bridgehead install-debian' "$policy"; then
    saved=$(mktemp -d)
    mv "$policy" "$saved/policy-rc.d"
    printf '%s\n' "$saved" >"$policy.bridgehead-saved"
  elif [ -e "$policy.bridgehead-saved" ]; then
    saved=$(cat "$policy.bridgehead-saved")
  fi
  printf '#!/bin/sh\n# bridgehead install-debian: no service starts during this install\nexit 101\n' >"$policy"
  chmod 755 "$policy"
}

unguard() {
  if [ -n "$saved" ] && [ -e "$saved/policy-rc.d" ]; then
    mv "$saved/policy-rc.d" "$policy"
    rmdir "$saved"
  else
    rm -f "$policy"
  fi
  rm -f "$policy.bridgehead-saved"
}

missing=
for package in $packages; do
  is_installed "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

[ "$(id -u)" = 0 ] || fail "these packages are missing:$missing. Run this as root."
command -v apt-get >/dev/null 2>&1 ||
  fail "this is not a Debian system (no apt-get). Install by its own means:$missing."

log=$(mktemp)
guard
trap 'unguard; rm -f "$log"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# What apt runs may read its standard input: it shall not eat a script that is piped to sh.
run_apt() {
  DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" </dev/null >"$log" 2>&1
}

printf 'install-debian: installing%s\n' "$missing"
run_apt update || {
  cat "$log" >&2
  fail 'apt-get update failed (its message is above). See /etc/apt/sources.list and the network.'
}
# shellcheck disable=SC2086
if ! run_apt install -y --no-install-recommends $missing; then
  cat "$log" >&2
  for package in $missing; do
    is_installed "$package" && continue
    run_apt install -y --no-install-recommends "$package" ||
      fail "cannot install the package $package (apt's message is above)."
  done
fi
for package in $missing; do
  is_installed "$package" || fail "apt-get said nothing, yet the package $package is not installed."
done
