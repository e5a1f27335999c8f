#!/bin/sh
# Keeps the environment of the last run for each instance, so that a test can see what Ganeti handed to the OS:
# OS parameters of every visibility included, hence the umask.
umask 077
directory=/srv/ganeti/lab/os-environment
env -0 >"$directory/.$INSTANCE_NAME" && mv -f "$directory/.$INSTANCE_NAME" "$directory/$INSTANCE_NAME" || exit 1
