#!/bin/bash
# Dumps the database `auth` to the backup volume, and keeps the fourteen newest dumps.
set -euo pipefail
file=/backup/auth-$(date -u +%Y%m%dT%H%M%SZ).archive.gz
mongodump --uri="$MONGO_URI" --db=auth --gzip --archive="$file.part"
# A dump that was cut short never has a whole one's name.
mv "$file.part" "$file"
find /backup -name '*.part' -delete
find /backup -name 'auth-*.archive.gz' | sort -r | tail -n +15 | xargs -r rm --
echo "$file"
