#!/bin/sh
# Powers a host off by its management board, and exits with 0 only once it is off. For
#   bridgehead server --power-off-command /etc/bridgehead/power-off-ipmi.sh
# The host's label `bmc` names its board; user and password are in files that only root reads.
set -eu
host=$1
facts=$(cat)
bmc=$(printf '%s' "$facts" | sed -n 's/.*"bmc":"\([^"]*\)".*/\1/p')
[ -n "$bmc" ] || { echo "host $host has no label bmc"; exit 1; }
board() { ipmitool -I lanplus -H "$bmc" -U "$(cat /etc/bridgehead/bmc-user)" -f /etc/bridgehead/bmc-password "$@"; }
board chassis power off
tries=30
while [ "$tries" -gt 0 ]; do
  case $(board chassis power status) in *off) echo "$host is off, says $bmc"; exit 0 ;; esac
  tries=$((tries - 1))
  sleep 2
done
echo "$host is still on, says $bmc"
exit 1
