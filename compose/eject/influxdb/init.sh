#!/bin/bash
# InfluxDB's image runs this once, after it has set up an empty database and before that can be reached. It makes what the
# image's own set-up does not: the bucket of rows by the minute, and a token for Grafana that may only read. InfluxDB chooses
# a token's value itself, so it is handed to Grafana in a file.
set -euo pipefail

influx bucket create --org "$DOCKER_INFLUXDB_INIT_ORG" --name "$INFLUXDB_BUCKET_1M" --retention "$INFLUXDB_RETENTION_1M" >/dev/null

token=$(influx auth create --org "$DOCKER_INFLUXDB_INIT_ORG" --read-buckets --description "Grafana reads" --json |
  sed -n 's/.*"token": *"\([^"]*\)".*/\1/p')
if [ -z "$token" ]; then
  echo "influx auth create gave no token" >&2
  exit 1
fi
umask 022 # Grafana reads the file as a user of its own
printf %s "$token" >/run/ltlab/influxdb_read_token
