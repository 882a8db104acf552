#!/bin/sh
# A program that knows nothing of envseal: it reads its environment, as any program does.
set -eu
echo "$GREETING, $READER! Listening on port $PORT."
echo "The database password has ${#DATABASE_PASSWORD} characters, the URL that holds it ${#DATABASE_URL}."
