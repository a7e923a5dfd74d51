#!/usr/bin/env bash
# lint.sh <venv> [--fix]: check, or with --fix rewrite, all sources.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bin=$1/bin

# ops.def is a table: its columns stay as written.
cpp_sources() { find cpp tests/cpp examples -name '*.[hc]pp' -print0; }

if [ "${2:-}" = --fix ]; then
  cpp_sources | xargs -0 "$bin/clang-format" -i
  "$bin/ruff" check --fix --exit-zero --quiet .
  "$bin/ruff" format .
  exit
fi

cpp_sources | xargs -0 "$bin/clang-format" --dry-run -Werror
"$bin/ruff" check .
"$bin/ruff" format --check .
# mypy looks for the stub beside the sources; the build leaves it beside the extension module.
core=$("$bin/python" -c 'import keopsnb._core; print(keopsnb._core.__file__)')
cp "$(dirname "$core")/_core.pyi" python/keopsnb/
"$bin/mypy"
