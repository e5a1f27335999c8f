#!/bin/sh
# Ganeti's own allocator, told not to ask for room on a second node: it refuses every one-node cluster otherwise.
# The flag cannot be given through --default-iallocator-params, which has no way to write a flag without a value.
request=$1
shift
exec /usr/lib/ganeti/default/usr/lib/ganeti/iallocators/hail --no-capacity-checks "$request" "$@"
