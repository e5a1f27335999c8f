#!/bin/sh
# Ganeti's own script first looks for the cluster's address on the network for seconds: there is nobody else on ours.
# Ganeti calls it with `start` or `stop` and the address in its environment.
case $1 in
  start) ip address replace "$MASTER_IP/$MASTER_NETMASK" dev "$MASTER_NETDEV" ;;
  stop) ip address del "$MASTER_IP/$MASTER_NETMASK" dev "$MASTER_NETDEV" || true ;;
  *) exit 1 ;;
esac
