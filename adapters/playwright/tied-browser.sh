#!/bin/sh
# Becomes the browser that RETROFIT_BROWSER names, with the order that the kernel kills it when the process that launched it dies
# (PR_SET_PDEATHSIG; setpriv is in util-linux). A browser ends by itself then, but one that hangs does not.
exec setpriv --pdeathsig KILL "$RETROFIT_BROWSER" "$@"
