#!/bin/sh
# Unpacks rsyslog and syslog-ng from Debian's archive below .toolchain/peers, each with the libraries
# that this machine lacks. Debian lets only one of them be installed, and installing either would take
# the machine's own away: so nothing is installed, no script of a package runs, and no service starts.
set -eu
cd "$(dirname "$(readlink -f "$0")")/.."

fail() {
  printf 'unpack-peers: %s\n' "$1" >&2
  exit 1
}

# Name of the folder, then packages.
unpack() {
  folder=.toolchain/peers/$1
  shift
  [ ! -d "$folder" ] || return 0
  command -v apt-get >/dev/null 2>&1 || fail "this is no Debian system: $folder has to be put there by hand"
  new=$(mktemp -d)
  mkdir -p "$new/archives/partial" "$new/root"
  # Those named even where this machine has them, and of what they need only what it has not.
  if ! { apt-get -qq update && (cd "$new/archives" && apt-get -qq download "$@") &&
    apt-get -qq -y install --download-only --no-install-recommends --reinstall \
      -o "Dir::Cache::archives=$new/archives" "$@"; } >"$new/log" 2>&1 </dev/null; then
    cat "$new/log" >&2
    rm -rf "$new"
    fail "cannot download $* (apt's message is above)"
  fi
  for package in "$new"/archives/*.deb; do dpkg-deb -x "$package" "$new/root"; done
  mkdir -p .toolchain/peers
  # Two runs at once: whoever is first is right.
  mv -T "$new/root" "$folder" 2>/dev/null || [ -d "$folder" ]
  rm -rf "$new"
}

unpack rsyslog rsyslog rsyslog-pgsql
unpack syslog-ng syslog-ng-core syslog-ng-mod-sql
