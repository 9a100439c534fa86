#!/usr/bin/env bash
# The certificates of MongoDB, while the service runs. No member restarts, and no request fails.
#
#   infra/operate/certificates.sh NAMESPACE dates            prints when each certificate ends
#   infra/operate/certificates.sh NAMESPACE renew            renews the members' certificate
#   infra/operate/certificates.sh NAMESPACE renew-authority  another authority, and the members' certificate
#   infra/operate/certificates.sh NAMESPACE reload           the members read their files again, which cert-manager renewed
#
# If the script is interrupted, run it again.
set -euo pipefail
usage='usage: certificates.sh NAMESPACE dates|renew|renew-authority|reload'
namespace=${1:?$usage}
action=${2:?$usage}
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
members='auth-mongo-0 auth-mongo-1 auth-mongo-2'

# rotate MEMBER: lets it read its files again. Also if the certificate that it uses has ended: this connection does not leave
# the pod.
rotate() {
  # shellcheck disable=SC2016
  kube exec "$1" -c mongo -- mongosh --quiet --norc \
    'mongodb://localhost/?authMechanism=MONGODB-X509&authSource=$external&tls=true&tlsAllowInvalidCertificates=true&tlsCAFile=/etc/mongo-tls/ca.crt&tlsCertificateKeyFile=/etc/mongo-tls/server.pem' \
    --eval 'db.adminCommand({ rotateCertificates: 1 }).ok === 1 || quit(1)' >/dev/null
}

# publish: makes ca.crt and server.pem the members', and waits until each member uses them.
publish() {
  replace auth-mongo-tls ca.crt server.pem
  reload
}

# reload: waits until each member has the files ca.crt and server.pem, and lets it read them.
reload() {
  local member wanted tries
  wanted=$(cat ca.crt server.pem | sha256sum)
  for member in $members; do
    # A member that restarted with an ended certificate exits at once, and each restart waits longer. A new pod does not wait.
    [ -n "$(kube get pod "$member" -o 'jsonpath={.status.containerStatuses[*].state.running}')" ] || kube delete pod "$member"
    # A changed annotation makes the kubelet update the files of the pod at once, instead of within about a minute.
    tries=0
    until [ "$(kube exec "$member" -c mongo -- cat /etc/mongo-tls/ca.crt /etc/mongo-tls/server.pem | sha256sum)" = "$wanted" ]; do
      kube annotate pod "$member" --overwrite certificates="$(date +%s)" >/dev/null || true
      sleep 2
      if ((++tries > 60)); then
        echo "$member does not get its new files: is it running?" >&2
        exit 1
      fi
    done
  done
  for member in $members; do
    tries=0
    # A member that has just started does not answer yet.
    until rotate "$member"; do
      if ((++tries > 10)); then
        echo "$member does not read its new files" >&2
        exit 1
      fi
      sleep 2
    done
  done
}

# by_hand: fails where cert-manager makes the certificates.
by_hand() {
  [ -n "$(kube get secret auth-mongo-tls -o 'jsonpath={.data.tls-combined\.pem}')" ] || return 0
  echo 'cert-manager renews these certificates: use reload' >&2
  exit 2
}

case $action in
  dates) run_job auth-certificates 60 ;;
  reload)
    fetch auth-mongo-tls ca.crt
    fetch auth-mongo-tls tls-combined.pem server.pem
    [ -s server.pem ] || fetch auth-mongo-tls server.pem
    reload
    ;;
  renew)
    by_hand
    if ! exists secret/auth-mongo-authority; then
      echo "the authority's key was not kept: use renew-authority" >&2
      exit 1
    fi
    fetch auth-mongo-authority ca.key
    fetch auth-mongo-authority ca.crt
    certificate
    fetch auth-mongo-tls ca.crt
    publish
    echo "the members use a certificate that ends on $(openssl x509 -noout -enddate -in server.pem | cut -d= -f2)"
    ;;
  renew-authority)
    by_hand
    fetch auth-mongo-tls ca.crt former.crt
    fetch auth-mongo-tls server.pem former.pem
    authority
    mkdir made
    cp ca.key ca.crt made
    if exists secret/auth-mongo-authority; then
      replace auth-mongo-authority ca.key ca.crt
    else
      kube create secret generic auth-mongo-authority --from-file=made >/dev/null
    fi
    certificate
    cp server.pem made

    cat former.crt made/ca.crt >ca.crt
    cp former.pem server.pem
    publish
    roll_service
    echo 'all trust both authorities'

    cp made/server.pem server.pem
    publish
    echo 'the members use a certificate of the new authority'

    cp made/ca.crt ca.crt
    publish
    roll_service
    echo "all trust the new authority alone, which ends on $(openssl x509 -noout -enddate -in ca.crt | cut -d= -f2)"
    ;;
  *)
    echo "$usage" >&2
    exit 2
    ;;
esac
