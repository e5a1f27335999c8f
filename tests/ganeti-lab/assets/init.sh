#!/bin/bash
# PID 1 of one lab cluster: makes the private view of the file system, says so, then reaps orphans until it is ended.
#
# usage: init.sh DIR [GUEST_DIR]
#
# Standard input holds it to its starter. It does nothing before it reads "go": by then the starter has written down
# this process. The end of the input is the death of the starter and ends the cluster, unless "stay" came before.
set -eu
umask 022
dir=$1 guest=${2-}

read -r word || exit 1
[ "$word" = go ]

private() { # private SOURCE TARGET: TARGET becomes SOURCE, in this mount namespace alone
  mount --no-mtab --bind "$1" "$2"
}

hostname "$(cat "$dir/etc/hostname")"

# Both show the namespaces of whoever mounted them: Ganeti looks for its bridges in /sys.
mount --no-mtab -t proc proc /proc
mount --no-mtab -t sysfs sysfs /sys

for file in hosts resolv.conf default/ganeti; do
  if [ -f "/etc/$file" ]; then private "$dir/etc/$file" "/etc/$file"; fi
done
private "$dir/etc/ganeti" /etc/ganeti
private "$dir/iallocators" /usr/lib/ganeti/iallocators
private "$dir/log" /var/log/ganeti
private "$dir/srv" /srv
# Guests boot from here, wherever the cache of the machine is.
if [ -n "$guest" ]; then private "$guest" /srv/ganeti/lab/guest; fi

# Ganeti's state and lock files are small and synced often: memory makes every job faster.
mount --no-mtab -t tmpfs -o mode=755 lab-state /var/lib/ganeti
mount --no-mtab -t tmpfs -o mode=755 lab-run /run
mkdir -m 1777 /run/lock
if [ ! -L /var/lock ]; then private /run/lock /var/lock; fi
if [ ! -L /var/run ]; then private /run /var/run; fi

# The first instance makes Ganeti run setcap on this executable: the machine's own must stay as it is.
metad=$(readlink -f /usr/sbin/ganeti-metad)
cp "$metad" /run/ganeti-metad
private /run/ganeti-metad "$metad"

touch "$dir/ready"

# Bash reaps adopted children while it waits below, which daemons that are told to stop rely on.
while read -r word; do
  if [ "$word" = stay ]; then
    exec </dev/null
    while :; do
      sleep 3600 &
      wait $! || true
    done
  fi
done

# The starter is gone without a word: nobody else will clean up.
kill -KILL -1 || true
rm -rf --one-file-system -- "$dir"
