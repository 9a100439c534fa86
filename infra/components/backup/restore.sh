#!/bin/bash
# Replaces the database `auth` with the dump file DUMP, or with the newest dump. First it dumps what is there now, unless
# COPY=skip.
set -euo pipefail
file=${DUMP:+/backup/$DUMP}
file=${file:-$(find /backup -maxdepth 1 -name 'auth-*.archive.gz' | sort | tail -n 1)}
if [ ! -s "$file" ]; then
  echo "no such dump: ${file:-/backup has none}" >&2
  exit 1
fi
gzip --test "$file"
[ "${COPY-}" = skip ] || PREFIX=before-restore bash /scripts/dump.sh

# Sessions, links and mails of that time would work or be sent again.
ended=(sessions actiontokens usedlinks mails mailslots)
mongorestore --uri="$MONGO_URI" --stopOnError --drop --gzip --archive="$file" --nsInclude='auth.*' \
  --nsExclude='auth.audit*' "${ended[@]/#/--nsExclude=auth.}"
# What was recorded since the dump stays. Records that are there already are not written again.
mongorestore --uri="$MONGO_URI" --gzip --archive="$file" --nsInclude='auth.audit*'
echo "restored $file"
