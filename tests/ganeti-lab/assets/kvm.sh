#!/bin/bash
# QEMU, with every guest's serial line kept in a file: Ganeti gives the line a socket, and what is printed
# while nobody is connected is lost.
arguments=() name=unnamed previous=
for argument in "$@"; do
  if [ "$previous" = -name ]; then name=${argument%%,*}; fi
  if [ "$previous" = -serial ] && [[ $argument == unix:* ]]; then
    argument+=",logfile=/srv/ganeti/lab/console/$name.log,logappend=on"
  fi
  arguments+=("$argument")
  previous=$argument
done
exec /usr/bin/qemu-system-x86_64 "${arguments[@]}"
