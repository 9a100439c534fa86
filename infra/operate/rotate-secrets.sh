#!/usr/bin/env bash
# Replaces passwords while the service runs. No request fails.
#
#   infra/operate/rotate-secrets.sh NAMESPACE app root backup restore
#   infra/operate/rotate-secrets.sh NAMESPACE smtp     with SMTP_URL in the environment
#   infra/operate/rotate-secrets.sh NAMESPACE mongo    with MONGO_URI in the environment, for external-mongo
#
# app, root, backup and restore are users of MongoDB: a second user is made, what uses the first is restarted, and the first is
# removed. If the script is interrupted, run it again.
set -euo pipefail
namespace=${1:?usage: rotate-secrets.sh NAMESPACE app|root|backup|restore|smtp|mongo...}
shift
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

roll=
users=
for what in "$@"; do
  case $what in
    app | root | backup | restore)
      credentials "${what/app/auth}-$(date -u +%Y%m%d%H%M%S)"
      replace "auth-mongo-$what" user password
      users=yes
      [ "$what" != app ] || roll=yes
      ;;
    smtp)
      printf %s "${SMTP_URL:?must be set}" >SMTP_URL
      replace auth-smtp SMTP_URL
      roll=yes
      ;;
    mongo)
      printf %s "${MONGO_URI:?must be set}" >MONGO_URI
      fetch auth-mongo-external ca.crt
      if [ -s ca.crt ]; then replace auth-mongo-external MONGO_URI ca.crt; else replace auth-mongo-external MONGO_URI; fi
      roll=yes
      ;;
    *)
      echo "there is no secret $what" >&2
      exit 2
      ;;
  esac
  echo "$what: the Secret has a new value"
done

[ -z "$users" ] || run_job auth-mongo-users 300
if [ -n "$roll" ]; then
  roll_service
  echo 'the service uses it'
fi
[ -n "$users" ] || exit 0
# A dump or a restore goes on as the user that it began with.
while [ -n "$(kube get pods -l app=auth-mongo-backup -o 'jsonpath={.items[?(@.status.phase=="Running")].metadata.name}')" ]; do
  sleep 5
done
run_job auth-mongo-users 300 REMOVE_OTHERS=true
