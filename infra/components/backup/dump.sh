#!/bin/bash
# Dumps the database `auth` to the backup volume. Keeps the fourteen newest dumps, and the three newest copies that restores
# took (PREFIX=before-restore).
set -euo pipefail
cd /backup
prefix=${PREFIX:-auth}
keep=14
[ "$prefix" = auth ] || keep=3

# Two dumps at the same time would remove each other's partial files.
exec 9>.lock
flock --timeout 3000 9

# First, so that a full volume has room again. A partial file is what an interrupted dump left.
rm -f -- *.part
find . -maxdepth 1 -name "$prefix-*.archive.gz" | sort -r | tail -n "+$keep" | xargs -r rm --

file=$prefix-$(date -u +%Y%m%dT%H%M%SZ).archive.gz
failed() {
  rm -f -- "$file.part"
  echo 'THE DUMP FAILED. The volume:' >&2
  df -h . >&2
}
trap failed ERR
mongodump --uri="$MONGO_URI" --db=auth --gzip --archive="$file.part"
gzip --test --suffix .part "$file.part"
sync "$file.part"
# An incomplete dump never has the name of a complete one.
mv -- "$file.part" "$file"
echo "/backup/$file"
