#!/bin/sh
# timed.sh COMMAND… -o FOLDER/NAME.o …: runs the command and leaves in the folder $TIMES, file NAME.o, second line, the
# processor time it took. What is not compiled is not timed.
"$@" || exit
while [ $# -gt 1 ]; do
  case "$1 $2" in "-o "*.o) times >"$TIMES/${2##*/}" ;; esac
  shift
done
