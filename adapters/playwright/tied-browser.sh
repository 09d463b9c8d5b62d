#!/bin/sh
# Becomes the browser that RETROFIT_BROWSER names, with the order that the kernel kills it when the process that launched it dies
# (PR_SET_PDEATHSIG; setpriv is in util-linux). A browser ends by itself then, but one that hangs does not.
#
# RETROFIT_BROWSER_USER: the number of the user that it becomes first, without any group or privilege; its profile, which was just made and
# is empty, becomes that user's. A change of the user takes the order away, so setpriv gives it after that.
# RETROFIT_BROWSER_SETUID=1: its sandbox is a program that is root's for a moment, so it may have those.
if [ -n "${RETROFIT_BROWSER_USER:-}" ]; then
  user=$RETROFIT_BROWSER_USER
  for word in "$@"; do
    case $word in --user-data-dir=*) chown "$user:$user" "${word#--user-data-dir=}" || exit 1 ;; esac
  done
  become="--reuid=$user --regid=$user --clear-groups"
  [ -n "${RETROFIT_BROWSER_SETUID:-}" ] || become="$become --no-new-privs"
fi
exec setpriv ${become:-} --pdeathsig KILL -- "$RETROFIT_BROWSER" "$@"
