#!/bin/sh
# Stands in for systemctl in a folder that is a Debian without a running systemd: starts a unit's program as the unit says it, as
# its user and with its groups and folders. What systemd does besides (capabilities, namespaces, restarts) it does not.
set -eu
echo "$*" >>/run/systemctl.log

unit() {
  sed -n "s/^$2=//p" "/usr/lib/systemd/system/$1.service" | tail -n 1
}

start() {
  if running "$1"; then return; fi
  user=$(unit "$1" User)
  group=$(id -gn "$user")
  more=$(unit "$1" SupplementaryGroups)
  state=$(unit "$1" StateDirectory)
  if [ -n "$state" ]; then install -d -o "$user" -g "$group" -m 0700 "/var/lib/$state"; fi
  command=$(unit "$1" ExecStart | sed 's/\$DAEMON_ARGS//')
  case $1 in
    etcd) set -- "$1" ETCD_NAME=node ETCD_DATA_DIR=/var/lib/etcd/default ;;
    *) set -- "$1" ;;
  esac
  name=$1
  shift
  # shellcheck disable=SC2086
  setsid env "$@" setpriv --reuid="$user" --regid="$group" --groups="$group${more:+,$more}" --no-new-privs $command \
    >"/run/$name.log" 2>&1 </dev/null &
  echo $! >"/run/$name.pid"
}

running() {
  [ -e "/run/$1.pid" ] && [ -d "/proc/$(cat "/run/$1.pid")" ]
}

stop() {
  if ! running "$1"; then return; fi
  pid=$(cat "/run/$1.pid")
  kill "$pid"
  while [ -d "/proc/$pid" ] && ! grep -qs "^State:.Z" "/proc/$pid/status"; do sleep 0.1; done
  rm "/run/$1.pid"
}

[ "${1-}" = --system ] && shift
verb=${1-}
[ $# -gt 0 ] && shift
now=
[ "${1-}" = --now ] && now=yes && shift
for name in "$@"; do
  name=${name%.service}
  case $verb in
    start) start "$name" ;;
    stop) stop "$name" ;;
    enable)
      ln -sf "/usr/lib/systemd/system/$name.service" "/etc/systemd/system/multi-user.target.wants/$name.service"
      [ -z "$now" ] || start "$name"
      ;;
    disable)
      rm -f "/etc/systemd/system/multi-user.target.wants/$name.service"
      [ -z "$now" ] || stop "$name"
      ;;
    try-restart) if running "$name"; then stop "$name"; start "$name"; fi ;;
    is-active) if running "$name"; then echo active; else echo inactive; exit 3; fi ;;
  esac
done
