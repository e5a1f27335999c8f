#!/bin/bash
# QEMU, but for two things.
#
# Every guest's serial line is kept in a file: Ganeti gives the line a socket, and what is printed while nobody is
# connected is lost.
#
# A guest of less than 128 MiB gets no kernel. The lab's does not fit there: it starts over and over, and a few of such
# guests take all of the cores for as long as they live. Without one the firmware finds nothing to boot, and halts.
least=128

arguments=() memory=$least name=unnamed previous=
for argument in "$@"; do
  case $previous in
    -name) name=${argument%%,*} ;;
    -m) memory=${argument%%[!0-9]*} ;;
    -serial)
      if [[ $argument == unix:* ]]; then
        argument+=",logfile=/srv/ganeti/lab/console/$name.log,logappend=on"
      fi
      ;;
    -kernel | -initrd | -append)
      # Ganeti names the memory before the kernel.
      if ((memory < least)); then
        unset 'arguments[-1]'
        previous=
        continue
      fi
      ;;
  esac
  arguments+=("$argument")
  previous=$argument
done
exec /usr/bin/qemu-system-x86_64 "${arguments[@]}"
