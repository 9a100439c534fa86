#!/bin/bash
# Puts a dump in the place of the database `auth`: the one that DUMP names, or the newest.
set -euo pipefail
file=${DUMP:+/backup/$DUMP}
file=${file:-$(find /backup -name 'auth-*.archive.gz' | sort | tail -n 1)}
mongorestore --uri="$MONGO_URI" --username=root --password="$MONGO_PASSWORD" --authenticationDatabase=admin \
  --writeConcern='{w: "majority"}' --stopOnError --nsInclude='auth.*' --drop --gzip --archive="$file"
echo "restored $file"
