#!/bin/sh
# Stands in for systemctl in a folder that is a Debian without a running systemd: starts a unit's program as the unit says it, as
# its user and with its groups, folders and environment. What systemd does besides (capabilities, namespaces, restarts, limits) it does not.
set -eu
echo "$*" >>/run/systemctl.log

all() {
  sed -n "s/^$2=//p" "/usr/lib/systemd/system/$1.service" | sed "s/%H/node/g; s/%p/$1/g"
}

unit() {
  all "$1" "$2" | tail -n 1
}

wants() {
  echo "/etc/systemd/system/multi-user.target.wants/$1.service"
}

known() {
  [ -e "/usr/lib/systemd/system/$1.service" ]
}

# Makes what the unit says of the environment this shell's own.
environment() {
  eval "$(all "$1" Environment | sed 's/^/export /')"
  file=$(unit "$1" EnvironmentFile)
  file=${file#-}
  set -a
  # shellcheck disable=SC1090
  if [ -r "$file" ]; then . "$file"; fi
  set +a
}

start() {
  if running "$1"; then return; fi
  user=$(unit "$1" User)
  user=${user:-root}
  group=$(id -gn "$user")
  more=$(unit "$1" SupplementaryGroups)
  state=$(unit "$1" StateDirectory)
  if [ -n "$state" ]; then install -d -o "$user" -g "$group" -m 0700 "/var/lib/$state"; fi
  command=$(unit "$1" ExecStart)
  (
    environment "$1"
    # A unit may name a variable that is nowhere set.
    set +u
    eval "exec setsid setpriv --reuid=$user --regid=$group --groups=$group${more:+,$more} --no-new-privs $command"
  ) >"/run/$1.log" 2>&1 </dev/null &
  echo $! >"/run/$1.pid"
}

reload() {
  all "$1" ExecReload | while read -r command; do
    (
      environment "$1"
      set +u
      MAINPID=$(cat "/run/$1.pid")
      # The shell's own kill: the program is no part of a small Debian.
      eval "${command#/bin/}"
    )
  done
}

running() {
  [ -e "/run/$1.pid" ] && alive "$(cat "/run/$1.pid")"
}

alive() {
  [ -d "/proc/$1" ] && ! grep -qs "^State:.Z" "/proc/$1/status"
}

stop() {
  if ! running "$1"; then return; fi
  pid=$(cat "/run/$1.pid")
  kill "$pid"
  while alive "$pid"; do sleep 0.1; done
  rm "/run/$1.pid"
}

verb=
now=
names=
for word in "$@"; do
  case $word in
    --now) now=yes ;;
    -*) ;;
    *) if [ -z "$verb" ]; then verb=$word; else names="$names ${word%.service}"; fi ;;
  esac
done
for name in $names; do
  case $verb in
    start) start "$name" ;;
    stop) stop "$name" ;;
    restart) stop "$name"; start "$name" ;;
    reload) reload "$name" ;;
    enable)
      ln -sf "/usr/lib/systemd/system/$name.service" "$(wants "$name")"
      [ -z "$now" ] || start "$name"
      ;;
    disable)
      rm -f "$(wants "$name")"
      [ -z "$now" ] || stop "$name"
      ;;
    try-restart) if running "$name"; then stop "$name"; start "$name"; fi ;;
    is-active) if running "$name"; then echo active; else echo inactive; exit 3; fi ;;
    is-enabled) if [ -h "$(wants "$name")" ]; then echo enabled; else echo disabled; exit 1; fi ;;
    show)
      if known "$name"; then echo LoadState=loaded; else echo LoadState=not-found; fi
      if running "$name"; then echo ActiveState=active; else echo ActiveState=inactive; fi
      ;;
  esac
done
