#!/bin/sh
# Installs from Debian's own archive what the lab needs of a machine and it has not got. Does
# nothing, and says nothing, where all of it is there. Never removes a package, and leaves no
# service of what it installed running or enabled: the lab runs Docker Engines of its own.
set -eu
PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin
export PATH

# Each command, or file, with the package that has it. By command, because Docker's own packages do as
# well as Debian's, and cannot be installed beside them.
needs='dockerd:docker.io containerd:containerd containerd-shim-runc-v2:containerd runc:runc
haproxy:haproxy ip:iproute2 bridge:iproute2 nft:nftables nsenter:util-linux unshare:util-linux
umount:mount tar:tar ldd:libc-bin docker:docker.io curl:curl'
# What only tests and `lab panic` need: machines whose kernels are to die, what builds the module that
# they die of, ping, and the browser that looks at the page.
[ "${1:-}" != --machines ] || needs="$needs qemu-system-x86_64:qemu-system-x86
busybox:busybox-static gcc:gcc make:make ping:iputils-ping chromium:chromium"
# What only benches need: who we are measured against. unpack-peers.sh has those that cannot be
# installed beside each other.
[ "${1:-}" != --peers ] || needs="$needs keepalived:keepalived wrk:wrk iptables:iptables ethtool:ethtool
/usr/lib/x86_64-linux-gnu/dbd/libdbdpgsql.so:libdbd-pgsql"
# Packages with services, those that come along as dependencies too, and the services.
services='docker.io:docker.socket docker.io:docker.service containerd:containerd.service
haproxy:haproxy.service keepalived:keepalived.service'

policy=/usr/sbin/policy-rc.d
# The machine's own policy while ours stands in for it.
saved=$policy.before-bridgehead
mark='bridgehead install-debian'

fail() {
  printf 'install-debian: %s\n' "$1" >&2
  exit 1
}

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Packages of the commands that are missing, each once.
missing_packages() {
  for need in $needs; do
    command -v "${need%%:*}" >/dev/null 2>&1 || [ -e "${need%%:*}" ] || printf '%s\n' "${need#*:}"
  done | sort -u | tr '\n' ' '
}

# Debian starts the services of what it installs, unless this program says no: a Docker Engine or
# an HAProxy of the machine's own would hold its ports and set up a bridge and packet filters.
guard() {
  if [ -e "$policy" ]; then mv "$policy" "$saved"; fi
  printf '#!/bin/sh\n# %s: no service starts during this install\nexit 101\n' "$mark" >"$policy"
  chmod 755 "$policy"
}

unguard() {
  if [ -e "$saved" ]; then
    mv "$saved" "$policy"
  elif grep -qs "$mark" "$policy"; then
    rm -f "$policy"
  fi
}

# Only of packages that this run brought: a service that was here before is the machine's own.
disable_new_services() {
  for service in $services; do
    unit=${service#*:}
    case " $had " in *" ${service%%:*} "*) continue ;; esac
    is_installed "${service%%:*}" || continue
    if command -v systemctl >/dev/null 2>&1; then
      systemctl --quiet disable "$unit" >"$log" 2>&1 || cat "$log" >&2
    elif [ -e "/etc/init.d/${unit%.*}" ]; then
      update-rc.d "${unit%.*}" disable >"$log" 2>&1 || cat "$log" >&2
    fi
  done
}

if [ "$(id -u)" = 0 ]; then
  # One at a time: two would take each other's guard for the machine's policy.
  exec 9>/run/bridgehead-install.lock
  flock 9
  # Left by a run that was killed: with it, no service of this machine would start any more.
  if grep -qs "$mark" "$policy" || { [ -e "$saved" ] && [ ! -e "$policy" ]; }; then unguard; fi
fi

missing=$(missing_packages)
[ -n "$missing" ] || exit 0

[ "$(id -u)" = 0 ] || fail "these packages are missing: $missing- run this as root."
command -v apt-get >/dev/null 2>&1 ||
  fail "this is no Debian system (it has no apt-get). Install by its own means: $missing"

had=
for service in $services; do
  if is_installed "${service%%:*}"; then had="$had ${service%%:*}"; fi
done
log=$(mktemp)
trap 'unguard; rm -f "$log"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
guard

# What apt runs may read its standard input: it shall not eat a script that is piped to sh. The
# lock's descriptor stays here, or a service that a package leaves behind would hold the lock.
run_apt() {
  DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" </dev/null >"$log" 2>&1 9>&-
}

install() {
  run_apt install -y --no-install-recommends --no-remove "$@"
}

printf 'install-debian: installing %s\n' "$missing"
run_apt update || {
  cat "$log" >&2
  fail 'apt-get update failed (its message is above). See /etc/apt/sources.list and the network.'
}
# shellcheck disable=SC2086
if ! install $missing; then
  # Once more one by one, to name the one at fault.
  for package in $missing; do
    install "$package" && continue
    cat "$log" >&2
    disable_new_services
    fail "cannot install the package $package (apt's message is above)."
  done
fi
disable_new_services
missing=$(missing_packages)
[ -z "$missing" ] || fail "apt-get reported no error, yet commands of these packages are missing: $missing"
