#!/bin/busybox sh
# The whole guest: tells on its serial line what it is made of, every five seconds and when that changes, and obeys
# the power button.
busybox=/bin/busybox
$busybox mount -t proc proc /proc
$busybox mount -t sysfs sysfs /sys
$busybox mount -t devtmpfs devtmpfs /dev

while read -r module; do
  $busybox insmod "/lib/modules/$module.ko"
done </lib/modules/order

read -r boot </proc/sys/kernel/random/boot_id

# The ACPI power button is an input device: whatever it sends is a wish to stop.
for device in /sys/class/input/event*; do
  read -r name <"$device/device/name"
  if [ "$name" = "Power Button" ]; then
    ($busybox head -c 1 "/dev/input/${device##*/}" >/dev/null && echo "cyclades guest down: power button" && $busybox poweroff -f) &
  fi
done

# The one command of the serial line.
(while read -r line; do
  if [ "${line%%[![:print:]]*}" = poweroff ]; then
    echo "cyclades guest down: poweroff" && $busybox poweroff -f
  fi
done) </dev/ttyS0 &

describe() {
  nics=0 macs= disks=0 sizes=
  for nic in /sys/class/net/eth*; do
    [ -e "$nic" ] || continue
    read -r mac <"$nic/address"
    nics=$((nics + 1)) macs=$macs${macs:+,}$mac
  done
  for disk in /sys/block/vd*; do
    [ -e "$disk" ] || continue
    read -r sectors <"$disk/size"
    disks=$((disks + 1)) sizes=$sizes${sizes:+,}$((sectors / 2048))
  done
  while read -r key value _; do
    if [ "$key" = MemTotal: ]; then mem=$((value / 1024)); break; fi
  done </proc/meminfo
  line="cyclades guest up: boot=$boot nics=$nics disks=$disks mem=$mem cpus=$($busybox nproc) macs=$macs sizes=$sizes"
}

shown= seconds=0
while :; do
  describe
  if [ "$line" != "$shown" ] || [ $seconds -ge 5 ]; then
    echo "$line"
    shown=$line seconds=0
  fi
  $busybox sleep 1
  seconds=$((seconds + 1))
done
