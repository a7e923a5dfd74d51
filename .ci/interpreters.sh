#!/usr/bin/env bash
# Prints `<version> <path>` of every CPython from 3.10 on that runs here and can make environments, one
# a minor version, oldest first: of PATH, and of pyenv's folders, whose shims may only print a hint.
set -u
candidates() {
  local folder
  local IFS=:
  for folder in $PATH; do
    compgen -G "$folder/python3*"
  done
  compgen -G "${PYENV_ROOT:-$HOME/.pyenv}/versions/*/bin/python3"
}
# A build without the GIL has no stable ABI, and is no part of what is promised.
question='
import ensurepip, platform, sys, sysconfig, venv
ordinary = platform.python_implementation() == "CPython"
ordinary &= not sysconfig.get_config_var("Py_GIL_DISABLED")
if ordinary and sys.version_info >= (3, 10) and sys.version_info.releaselevel == "final":
    print("%d.%d %s" % (*sys.version_info[:2], sys.executable))'
candidates | grep -E '/python3(\.[0-9]+)?$' | while read -r candidate; do
  timeout 20 "$candidate" -c "$question" 2>/dev/null
done | sort -su -k1,1V
