#!/bin/bash
# Restores the newest dump into a scratch database, counts its accounts, and drops that database. Fails if the dump is older
# than two days, or cannot be restored, or has no account.
set -euo pipefail
scratch=auth_restore_test
mongo() { mongosh --quiet --norc "$MONGO_URI" --eval "const scratch = db.getSiblingDB('$scratch'); $1"; }
trap 'mongo "scratch.dropDatabase();" >/dev/null' EXIT

file=$(find /backup -maxdepth 1 -name 'auth-*.archive.gz' -mtime -2 | sort | tail -n 1)
if [ -z "$file" ]; then
  echo 'THERE IS NO DUMP of the last two days' >&2
  exit 1
fi
mongorestore --uri="$MONGO_URI" --stopOnError --drop --gzip --archive="$file" --nsInclude='auth.*' \
  --nsFrom='auth.*' --nsTo="$scratch.*"
mongo "const n = scratch.users.countDocuments({}); print('$file: ' + n + ' accounts restored'); quit(n > 0 ? 0 : 1);"
