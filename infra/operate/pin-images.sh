#!/usr/bin/env bash
# Pins the images of an overlay by their digests, so that each deployment runs the very same ones. It writes the component
# `digests` into the overlay's folder: name it last in the overlay's components. Run it again to take newer images.
#
#   infra/operate/pin-images.sh infra/overlays/production
#
# It pins what the registries have now, but not the service's image: skaffold deploys that by its digest.
set -euo pipefail
cd "${1:?usage: pin-images.sh OVERLAY}"
unpinned=$(mktemp -d)
trap 'rm -rf "$unpinned"' EXIT
mkdir -p digests
{
  echo "# Written by pin-images.sh."
  echo "apiVersion: kustomize.config.k8s.io/v1alpha1"
  echo "kind: Component"
  echo "images:"
} >"$unpinned/kustomization.yaml"
# A former pin is not resolved again: the images are read without it.
printf 'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n' >digests/kustomization.yaml
for image in $(kubectl kustomize . | sed -n 's/^ *-\{0,1\} *image: *//p' | sort -u); do
  [[ $image != ticketing/* ]] || continue
  docker pull --quiet "$image" >/dev/null
  digest=$(docker image inspect --format '{{index .RepoDigests 0}}' "$image")
  printf '  # %s\n  - { name: %s, digest: %s }\n' "$image" "${image%:*}" "${digest#*@}" >>"$unpinned/kustomization.yaml"
done
cp "$unpinned/kustomization.yaml" digests/kustomization.yaml
cat digests/kustomization.yaml
