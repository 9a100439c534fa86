#!/usr/bin/env bash
# Replaces passwords and keys while the service runs. No request fails, and nobody is signed out.
#
#   infra/operate/rotate-secrets.sh NAMESPACE app root backup restore
#   infra/operate/rotate-secrets.sh NAMESPACE keys
#   infra/operate/rotate-secrets.sh NAMESPACE smtp     with SMTP_URL in the environment
#   infra/operate/rotate-secrets.sh NAMESPACE mongo    with MONGO_URI in the environment, for external-mongo
#
# app, root, backup and restore are users of MongoDB: a second user is made, what uses the first is restarted, and the first is
# removed.
#
# keys: the service's pods get a new key-encryption key beside the present one; then the signing keys are encrypted with the new
# one, and the present one is removed. Last, the next signing key is published.
#
# If the script is interrupted, run it again.
set -euo pipefail
namespace=${1:?usage: rotate-secrets.sh NAMESPACE app|root|backup|restore|keys|smtp|mongo...}
shift
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

# cli COMMAND: runs a command of the service.
cli() { kubectl -n "$namespace" exec deployment/auth-depl -c auth -- node dist/cli.js "$@"; }

# Each pod that runs can decrypt the signing keys at each moment: it has both keys while they are encrypted anew.
rotate_keys() {
  fetch auth-keys KEY_ENCRYPTION_KEY
  # With a comma: an earlier run was interrupted, and has made the new key.
  grep -q , KEY_ENCRYPTION_KEY ||
    printf '%s,%s' "$(openssl rand -base64 32)" "$(tr -d '[:space:]' <KEY_ENCRYPTION_KEY)" >both
  [ ! -e both ] || mv both KEY_ENCRYPTION_KEY
  replace auth-keys KEY_ENCRYPTION_KEY
  roll_service
  cli reencrypt-keys
  cut -d, -f1 KEY_ENCRYPTION_KEY | tr -d '\n' >newest
  mv newest KEY_ENCRYPTION_KEY
  replace auth-keys KEY_ENCRYPTION_KEY
  roll_service
  cli rotate-keys
}

roll=
users=
keys=
for what in "$@"; do
  case $what in
    app | root | backup | restore)
      credentials "${what/app/auth}-$(date -u +%Y%m%d%H%M%S)"
      replace "auth-mongo-$what" user password
      users=yes
      [ "$what" != app ] || roll=yes
      ;;
    keys)
      keys=yes
      continue
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
[ -z "$keys" ] || rotate_keys
[ -n "$users" ] || exit 0
# A dump or a restore goes on as the user that it began with.
while [ -n "$(kube get pods -l app=auth-mongo-backup -o 'jsonpath={.items[?(@.status.phase=="Running")].metadata.name}')" ]; do
  sleep 5
done
run_job auth-mongo-users 300 REMOVE_OTHERS=true
