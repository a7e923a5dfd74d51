#!/usr/bin/env bash
# Every check, each in its own printed and timed stage; the first failure ends the run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

python=${PYTHON:-python3}
work=$PWD/build/ci
venv=$work/venv
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_QUIET=1
# Stages share compiled kernels.
export KEOPSNB_CACHE_DIR=$work/cache
unset PYTHONPATH PYTHONHOME CXXFLAGS CPPFLAGS LDFLAGS

stage_name=
stage_start=0
end_stage() {
  [ -z "$stage_name" ] || echo "==== $stage_name: passed in $((SECONDS - stage_start)) s"
  stage_name=
}
stage() {
  end_stage
  stage_name=$1
  stage_start=$SECONDS
  echo "==== $stage_name"
}
finish() {
  status=$?
  [ $status -eq 0 ] || echo "==== ${stage_name:-set-up}: FAILED after $((SECONDS - stage_start)) s"
  exit $status
}
trap finish EXIT

rm -rf "$work"
mkdir -p "$work"

stage "wheel, with warnings as errors"
"$python" -m venv "$venv"
"$venv/bin/pip" wheel . --no-deps --wheel-dir "$work/dist" \
  --config-settings cmake.define.KEOPSNB_WERROR=ON
wheel=$(echo "$work"/dist/keopsnb-*.whl)
echo "$(basename "$wheel"), $(wc -c <"$wheel") bytes"

stage "installation"
# Most of PyTorch is never imported, so Python compiles only what is.
"$venv/bin/pip" install --no-compile -r .ci/torch.txt || "$venv/bin/pip" install --no-compile torch
"$venv/bin/pip" install --no-compile "$wheel[dev,examples]"
export PATH=$venv/bin:$PATH

stage "formatting, lint and types"
bash .ci/lint.sh "$venv"

if ! command -v clang++ >/dev/null && [ "${CI:-}" = true ] && [ "$(id -u)" = 0 ]; then
  apt-get install -y -qq clang >/dev/null 2>&1 || true
fi
for cxx in g++ clang++; do
  if ! command -v "$cxx" >/dev/null; then
    end_stage
    echo "==== C++ tests with $cxx: SKIPPED, as it is not installed"
    continue
  fi
  stage "C++ tests with $cxx"
  cmake -S . -B "$work/$cxx" -G Ninja -DCMAKE_CXX_COMPILER="$cxx" -DKEOPSNB_BUILD_TESTS=ON \
    -DKEOPSNB_WERROR=ON >"$work/$cxx.log" || { cat "$work/$cxx.log"; exit 1; }
  cmake --build "$work/$cxx" -- --quiet
  ctest --test-dir "$work/$cxx" --output-on-failure --no-tests=error --parallel 2
done

stage "Python tests, in two halves beside each other"
# Both wait for compilers most of the time, one process at a time.
half=(tests/python/test_{compile_ahead,compilers,sass,reductions_torch}.py
  tests/python/test_gpu_*.py tests/python/test_torch_*.py)
python -m pytest --durations=20 "${half[@]}" >"$work/half.log" 2>&1 &
running=$!
python -m pytest --durations=20 "${half[@]/#/--ignore=}" || { kill $running; exit 1; }
wait $running || { cat "$work/half.log"; exit 1; }
tail -n 1 "$work/half.log"

stage "C++ example on the headers installed by CMake, and on those of the wheel"
cmake -S . -B "$work/headers" >/dev/null
cmake --install "$work/headers" --prefix "$work/prefix" >/dev/null
for where in "-DCMAKE_PREFIX_PATH=$work/prefix" "-Dkeopsnb_DIR=$(python -m keopsnb --cmakedir)"; do
  rm -rf "$work/example"
  cmake -S examples/cpp -B "$work/example" -G Ninja "$where" >/dev/null
  cmake --build "$work/example" -- --quiet
  (cd "$work/example" && ctest --output-on-failure --no-tests=error)
done

stage "NumPy front end, without PyTorch"
"$python" -m venv "$work/numpy"
"$work/numpy/bin/pip" install "$wheel[test]"
"$work/numpy/bin/python" -c '
import importlib.util, keopsnb.numpy
assert importlib.util.find_spec("torch") is None, "PyTorch is installed here"'
"$work/numpy/bin/python" -m pytest -k "numpy or packaging or examples"

end_stage
echo "==== all passed in $SECONDS s"
