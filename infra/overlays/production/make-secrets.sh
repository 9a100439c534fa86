#!/usr/bin/env bash
# Creates the Secrets and the volume of the dumps for the production overlay, in a namespace of the current kubectl context.
# It keeps what exists, so it is safe to repeat: run it before each deployment of a new version. It leaves no file behind.
#
#   SMTP_URL=smtps://user:password@host infra/overlays/production/make-secrets.sh NAMESPACE
#
# SMTP_URL is the mail server of the service. It comes from the environment, because the list of processes would show an
# argument. rotate-secrets.sh changes it later, and the passwords. certificates.sh renews MongoDB's certificates.
#
# To use cert-manager or your own authority for MongoDB's certificates, create a Secret auth-mongo-tls first. It needs
# ca.crt, and server.pem with a certificate and key for the names in common.sh.
set -euo pipefail
namespace=${1:?usage: make-secrets.sh NAMESPACE}
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

# The service's signing key for JWTs: EC P-256.
jwt() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out JWT_PRIVATE_KEY; }

smtp() { printf %s "$SMTP_URL" >SMTP_URL; }

tls() {
  fetch auth-mongo-authority ca.key
  fetch auth-mongo-authority ca.crt
  certificate
  find . -type f ! -name ca.crt ! -name server.pem -delete
}

secret auth-jwt jwt
user auth-mongo-root root
user auth-mongo-app auth
user auth-mongo-backup backup
if exists secret/auth-mongo-tls; then
  echo "secret/auth-mongo-tls kept"
  exists secret/auth-mongo-authority ||
    echo "secret/auth-mongo-authority is missing: certificates.sh can make another authority (see infra/README.md)"
else
  secret auth-mongo-authority authority
  secret auth-mongo-tls tls
fi
if [ -n "${SMTP_URL-}" ] || exists secret/auth-smtp; then
  secret auth-smtp smtp
else
  echo "secret/auth-smtp is missing: run this again with SMTP_URL set, or set MAIL to off (see infra/README.md)"
fi
if ! exists secret/ticketing-tls; then
  echo "secret/ticketing-tls is missing: create it with the certificate for the ingress (see infra/README.md)"
fi
exists persistentvolumeclaim/auth-mongo-backup || kube create -f "$here/backup-claim.yaml"
