#!/usr/bin/env bash
# Creates the Secrets and the volume of the dumps for an overlay of production, in a namespace of the current kubectl context.
# It keeps what exists, so it is safe to repeat: run it before each deployment of a new version. It leaves no file behind.
#
#   infra/operate/make-secrets.sh NAMESPACE
#
# It reads these from the environment, because the list of processes would show an argument:
#   SMTP_URL       the mail server of the service
#   MONGO_URI      with external-mongo: the connection string of a user with the role readWrite on that database alone
#   MONGO_CA       with external-mongo: a file with the authority of MongoDB's certificates, if it is your own
#   CERT_MANAGER   with cert-manager: yes. Then it makes no certificate
#   STORAGE_CLASS  the StorageClass of the dumps, if it is not the cluster's default
#
# rotate-secrets.sh changes the keys, the mail server and the passwords later. certificates.sh renews MongoDB's certificates.
#
# To use your own authority for MongoDB's certificates, create a Secret auth-mongo-tls first. It needs ca.crt, and server.pem
# with a certificate and key for the names in common.sh.
set -euo pipefail
namespace=${1:?usage: make-secrets.sh NAMESPACE}
case ${CERT_MANAGER-} in
  '' | yes) ;;
  *)
    echo 'CERT_MANAGER must be yes, or not set' >&2
    exit 2
    ;;
esac
if [ -n "${MONGO_CA-}" ]; then
  [ -r "$MONGO_CA" ] || {
    echo 'MONGO_CA must be a file that can be read' >&2
    exit 2
  }
  MONGO_CA=$(realpath "$MONGO_CA")
fi
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

# secret NAME COMMAND...: the command writes one file for each key.
secret() {
  if exists "secret/$1"; then
    echo "secret/$1 kept"
    return
  fi
  mkdir "$1"
  (cd "$1" && "${@:2}")
  kube create secret generic "$1" --from-file="$1"
}

# user NAME USER: a Secret with a user of MongoDB. An earlier version wrote the password only.
user() {
  secret "$1" credentials "$2"
  [ -n "$(kube get secret "$1" -o 'jsonpath={.data.user}')" ] ||
    kube patch secret "$1" --type=merge --patch="{\"stringData\":{\"user\":\"$2\"}}"
}

# What encrypts the service's signing keys, which are in MongoDB.
encryption_key() { openssl rand -base64 32 | tr -d '\n' >KEY_ENCRYPTION_KEY; }

smtp() { printf %s "$SMTP_URL" >SMTP_URL; }

tls() {
  fetch auth-mongo-authority ca.key
  fetch auth-mongo-authority ca.crt
  certificate
  find . -type f ! -name ca.crt ! -name server.pem -delete
}

external() {
  printf %s "$MONGO_URI" >MONGO_URI
  [ -z "${MONGO_CA-}" ] || cp "$MONGO_CA" ca.crt
}

# What the members of mongo-replica-set need, and its dumps.
replica_set() {
  user auth-mongo-root root
  user auth-mongo-app auth
  user auth-mongo-backup backup
  user auth-mongo-restore restore
  if [ "${CERT_MANAGER-}" = yes ]; then
    echo "secret/auth-mongo-tls is cert-manager's"
  elif exists secret/auth-mongo-tls; then
    echo "secret/auth-mongo-tls kept"
    exists secret/auth-mongo-authority ||
      echo "secret/auth-mongo-authority is missing: certificates.sh can make another authority (see infra/README.md)"
  else
    secret auth-mongo-authority authority
    secret auth-mongo-tls tls
  fi
  exists persistentvolumeclaim/auth-mongo-backup ||
    kubectl patch --local -o yaml -f "$here/../components/backup/backup-claim.yaml" \
      --patch="{\"spec\":{${STORAGE_CLASS:+\"storageClassName\":\"$STORAGE_CLASS\"}}}" | kube create -f -
}

if [ -n "${MONGO_URI-}" ] && exists secret/auth-mongo-root; then
  echo "this namespace has a MongoDB of its own, but MONGO_URI is set: unset it" >&2
  exit 2
fi
secret auth-keys encryption_key
if [ -n "${MONGO_URI-}" ] || exists secret/auth-mongo-external; then
  secret auth-mongo-external external
else
  replica_set
fi
if [ -n "${SMTP_URL-}" ] || exists secret/auth-smtp; then
  secret auth-smtp smtp
else
  echo "secret/auth-smtp is missing: run this again with SMTP_URL set, or set MAIL to off (see infra/README.md)"
fi
if [ "${CERT_MANAGER-}" != yes ] && ! exists secret/ticketing-tls; then
  echo "secret/ticketing-tls is missing: create it with the certificate of the host, unless a Gateway has it (see infra/README.md)"
fi
