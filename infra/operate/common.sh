# shellcheck shell=bash
# Sourced by the scripts of this folder, after they have read their arguments. It needs $namespace.
umask 077
# shellcheck disable=SC2034
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit

kube() { kubectl --request-timeout=30s -n "${namespace:?}" "$@"; }

exists() { [ -n "$(kube get "$1" --ignore-not-found -o name)" ]; }

# fetch SECRET KEY [FILE]: writes the value to a file, which is named like the key.
fetch() { kube get secret "$1" -o "jsonpath={.data.${2/./\\.}}" | base64 -d >"${3:-$2}"; }

# credentials USER: the files `user` and `password`. Hex needs no escaping in a connection string.
credentials() {
  printf %s "$1" >user
  openssl rand -hex 32 | tr -d '\n' >password
}

# MongoDB's own certificate authority. Every certificate of it with the members' O is a member, so it signs nothing else.
authority() {
  openssl req -x509 -newkey rsa:3072 -nodes -days 3650 -subj '/CN=auth-mongo authority' \
    -keyout ca.key -out ca.crt 2>/dev/null
}

# server.pem: the members' certificate and its key, signed with ca.key and ca.crt. Members must have the same O.
certificate() {
  # All names are listed, because Node refuses such a short wildcard. The probes use localhost.
  local names=DNS:localhost,DNS:auth-mongo-0.auth-mongo-srv,DNS:auth-mongo-1.auth-mongo-srv,DNS:auth-mongo-2.auth-mongo-srv
  openssl req -newkey rsa:3072 -nodes -subj '/O=ticketing/CN=auth-mongo' -keyout server.key -out server.csr 2>/dev/null
  printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$names" >extensions
  openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 397 -extfile extensions \
    -out server.crt 2>/dev/null
  cat server.crt server.key >server.pem
}

# replace NAME FILE...: the Secret has these files, and nothing else.
replace() {
  local name=$1
  shift
  kube create secret generic "$name" "${@/#/--from-file=}" --dry-run=client -o yaml | kube replace -f - >/dev/null
}

# run_job CRONJOB SECONDS [VARIABLE=VALUE]: runs it once, and prints its log. Fails when it fails.
#
# The Job has no owner: of those that a CronJob owns, all but the newest few are deleted as soon as a scheduled one ends.
# It is deleted an hour after its end where this script can't.
run_job() {
  local job ended='' n
  job=$1-$(date +%s)
  kube create job "$job" --from="cronjob/$1" --dry-run=client -o yaml |
    kubectl set env --local -f - "${3:-RUN_BY=hand}" -o yaml |
    kubectl patch --local -f - --type=json -p '[
      {"op":"remove","path":"/metadata/ownerReferences"},
      {"op":"add","path":"/spec/ttlSecondsAfterFinished","value":3600}
    ]' -o yaml |
    kube create -f - >/dev/null
  for ((n = 0; n < $2; n++)); do
    ended=$(kube get "job/$job" -o 'jsonpath={.status.conditions[?(@.status=="True")].type}')
    [[ $ended == *Complete* || $ended == *Failed* ]] && break
    sleep 1
  done
  kube logs "job/$job" || true
  kube delete job "$job" >/dev/null
  [[ $ended == *Complete* ]]
}

# Restarts the service's pods one by one, and waits until the former pods have ended: they answer until then.
roll_service() {
  kube rollout restart deployment/auth-depl >/dev/null
  kubectl -n "$namespace" rollout status deployment/auth-depl --timeout=600s >/dev/null
  local n
  for ((n = 0; n < 60; n++)); do
    [ -n "$(kube get pods -l app=auth -o 'jsonpath={.items[?(@.metadata.deletionTimestamp)].metadata.name}')" ] || return 0
    sleep 1
  done
  echo 'a former pod of the service does not end' >&2
  return 1
}
