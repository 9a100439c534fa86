#!/usr/bin/env bash
# Makes the Secrets that the production overlay names, in a namespace of the current kubectl context. What is there
# already is kept, so it is safe to repeat; nothing is written to a file that stays.
#
#   SMTP_URL=smtps://user:password@host infra/overlays/production/make-secrets.sh NAMESPACE
#
# SMTP_URL, the mail server that the service sends through, comes from the environment: an argument would stand in the
# list of processes. It is asked for once; to change it, delete the Secret auth-smtp, run this again and restart the
# service.
#
# The certificate authority for MongoDB is made here too, and its key thrown away: to renew the certificates, delete the
# Secret auth-mongo-tls, run this again and restart the members and the service. With cert-manager, or an authority of
# your own, make a Secret of that name first (ca.crt, and server.pem: certificate and key for the names below).
set -euo pipefail
umask 077
namespace=${1:?usage: make-secrets.sh NAMESPACE}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

kube() { kubectl --request-timeout=30s -n "$namespace" "$@"; }

exists() { [ -n "$(kube get secret "$1" --ignore-not-found -o name)" ]; }

# secret NAME FUNCTION: the function makes one file for each key.
secret() {
  if exists "$1"; then
    echo "secret/$1 kept"
    return
  fi
  mkdir "$1"
  (cd "$1" && "$2")
  kube create secret generic "$1" --from-file="$1"
}

# Hex, which needs no escaping in a connection string.
password() { openssl rand -hex 32 | tr -d '\n' >password; }

# The service's key for JWTs: EC P-256.
jwt() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out JWT_PRIVATE_KEY; }

smtp() { printf %s "$SMTP_URL" >SMTP_URL; }

# By which clients know the members, and the members each other: those that have the same O are of one set.
tls() {
  # Each by name: Node refuses a wildcard this short. localhost is the startup probe's.
  names=DNS:localhost,DNS:auth-mongo-0.auth-mongo-srv,DNS:auth-mongo-1.auth-mongo-srv,DNS:auth-mongo-2.auth-mongo-srv
  openssl req -x509 -newkey rsa:3072 -nodes -days 825 -subj '/CN=auth-mongo authority' \
    -keyout ca.key -out ca.crt 2>/dev/null
  openssl req -newkey rsa:3072 -nodes -subj '/O=ticketing/CN=auth-mongo' -keyout server.key -out server.csr 2>/dev/null
  printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$names" >extensions
  openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 825 -extfile extensions \
    -out server.crt 2>/dev/null
  cat server.crt server.key >server.pem
  rm ca.key ca.srl server.key server.csr server.crt extensions
}

secret auth-jwt jwt
secret auth-mongo-root password
secret auth-mongo-app password
secret auth-mongo-backup password
secret auth-mongo-tls tls
if [ -n "${SMTP_URL-}" ] || exists auth-smtp; then
  secret auth-smtp smtp
else
  echo "secret/auth-smtp is missing: run this again with SMTP_URL set, or set MAIL to off (see the README)"
fi
if ! exists ticketing-tls; then
  echo "secret/ticketing-tls is missing: the ingress's certificate comes from your authority (see the README)"
fi
