#!/bin/sh
# timed.sh COMMAND…: runs the command and leaves in the file $TIMES, second line, the processor time it took.
"$@" || exit
times >"$TIMES"
