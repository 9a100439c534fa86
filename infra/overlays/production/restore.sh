#!/bin/bash
# Puts a dump in the place of the database `auth`: the one that DUMP names, or the newest.
set -euo pipefail
file=${DUMP:+/backup/$DUMP}
file=${file:-$(find /backup -name 'auth-*.archive.gz' | sort | tail -n 1)}
mongorestore --uri="$MONGO_URI" --stopOnError --nsInclude='auth.*' --drop --gzip --archive="$file"
echo "restored $file"
