#!/bin/sh
# Users and roles of etcd (API v3) for Tap-as-a-Service: what each program needs, and no more.
set -eu

usage() {
  cat <<'END'
usage: etcd-roles.sh server USER
       etcd-roles.sh agent USER NODE

  server USER        the TaaS servers: read and write /networking-vpp/taas/, /networking-vpp/nodes/ and
                     /networking-vpp/state/
  agent USER NODE    the TaaS agent of one node: read /networking-vpp/nodes/NODE/taas/, write
                     /networking-vpp/state/NODE/taas/, and nothing of any other node

Makes the user and a role of its name, if they are not there yet, and sets the role's permissions; it may be run again. The
password of a new user is the first line of standard input. Authentication itself is not turned on (etcdctl auth enable).

etcdctl does the work, and is told where etcd is and who asks by its own variables: ETCDCTL_ENDPOINTS, ETCDCTL_USER
(root:password), ETCDCTL_CACERT, ETCDCTL_CERT, ETCDCTL_KEY.

networking-vpp's own keys are written by etcd's API v2, which has users of its own: to read where ports are bound, the
server's v2 user (networking_vpp.etcd of its configuration) needs a role with "read" on /networking-vpp/nodes/*.
END
}

fail() {
  echo "etcd-roles.sh: $*" >&2
  exit 2
}

etcd() {
  ETCDCTL_API=3 etcdctl "$@"
}

# A name of a node or user ends up in keys and commands.
check_name() {
  case $2 in
    '' | -* | *[!A-Za-z0-9._-]*) fail "$1 \"$2\": letters, digits, dots, dashes and underscores make a name" ;;
  esac
}

make_user() {
  if ! etcd user get "$1" >/dev/null 2>&1; then
    etcd user add "$1" --interactive=false
  fi
  if ! etcd role get "$1" >/dev/null 2>&1; then
    etcd role add "$1"
  fi
  etcd user grant-role "$1" "$1"
}

case ${1-} in
  server)
    [ $# -eq 2 ] || { usage >&2; exit 2; }
    check_name user "$2"
    make_user "$2"
    for prefix in taas nodes state; do
      etcd role grant-permission "$2" readwrite "/networking-vpp/$prefix/" --prefix=true
    done
    ;;
  agent)
    [ $# -eq 3 ] || { usage >&2; exit 2; }
    check_name user "$2"
    check_name node "$3"
    make_user "$2"
    etcd role grant-permission "$2" read "/networking-vpp/nodes/$3/taas/" --prefix=true
    etcd role grant-permission "$2" readwrite "/networking-vpp/state/$3/taas/" --prefix=true
    ;;
  -h | --help)
    usage
    ;;
  *)
    usage >&2
    exit 2
    ;;
esac
