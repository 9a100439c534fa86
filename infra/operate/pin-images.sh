#!/usr/bin/env bash
# Pins the images of an overlay by their digests, so that each deployment runs the very same ones. It writes the component
# `digests` into the overlay's folder: name it last in the overlay's components. Run it again to take newer images.
#
#   infra/operate/pin-images.sh infra/overlays/production
#
# It pins what the registries have now, but not the service's image: skaffold deploys that by its digest.
set -euo pipefail
cd "${1:?usage: pin-images.sh OVERLAY}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
service=$(sed -n 's/^ *image: *//p' settings.yaml)

# The overlay without the pins that it has, so that they are not resolved again.
folder=$(basename "$PWD")
cp -R .. "$work/overlays"
ln -s "$(cd ../.. && pwd)/base" "$work/base"
ln -s "$(cd ../.. && pwd)/components" "$work/components"
mkdir -p "$work/overlays/$folder/digests"
printf 'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nimages: []\n' >"$work/overlays/$folder/digests/kustomization.yaml"
rendered=$(kubectl kustomize "$work/overlays/$folder")

{
  echo '# Written by pin-images.sh.'
  echo 'apiVersion: kustomize.config.k8s.io/v1alpha1'
  echo 'kind: Component'
  pinned=
  for image in $(sed -n 's/^ *-\{0,1\} *image: *//p' <<<"$rendered" | sort -u); do
    [[ $image != "$service" ]] || continue
    docker pull --quiet "$image" >&2
    digest=$(docker image inspect --format '{{index .RepoDigests 0}}' "$image")
    [ -n "$pinned" ] || echo 'images:'
    pinned=yes
    printf '  # %s\n  - { name: %s, digest: %s }\n' "$image" "${image%:*}" "${digest#*@}"
  done
  [ -n "$pinned" ] || echo 'images: []'
} >"$work/kustomization.yaml"
mkdir -p digests
cp "$work/kustomization.yaml" digests/kustomization.yaml
cat digests/kustomization.yaml
