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
# What could not be had is said at the end; in continuous integration some of it must be there.
not_tested=()
missing() {
  not_tested+=("$1")
  [ "${CI:-}" != true ] || [ "${2:-}" != required ] || { echo "needed here: $1"; exit 1; }
}
make_wheel() {  # <python> <folder>
  "$1" -m venv "$2-venv"
  "$2-venv/bin/pip" wheel . --no-deps --wheel-dir "$2" \
    --config-settings cmake.define.KEOPSNB_WERROR=ON
}
# The tests that need no PyTorch and stand for all: values, gradients, LazyTensor, solvers, kernels
# ahead of time, documentation, imports and stubs.
representative() {  # <python> [arguments of pytest]
  "$1" -c '
import importlib.util
assert importlib.util.find_spec("torch") is None, "PyTorch is installed here"'
  "$1" -m pytest -k "(numpy or packaging or examples or test_for_a_cpu) and not test_gpu" "${@:2}"
}

rm -rf "$work"
mkdir -p "$work"

stage "wheel, with warnings as errors"
"$python" -m venv "$venv"
main_version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
make_wheel "$python" "$work/dist"
wheel=$(echo "$work"/dist/keopsnb-*.whl)
echo "$(basename "$wheel"), $(wc -c <"$wheel") bytes"

stage "installation"
# Most of PyTorch is never imported, so Python compiles only what is.
"$venv/bin/pip" install --no-compile -r .ci/torch.txt || "$venv/bin/pip" install --no-compile torch
"$venv/bin/pip" install --no-compile "$wheel[dev,examples]"
export PATH=$venv/bin:$PATH

stage "formatting, lint and types"
bash .ci/lint.sh "$venv"

neon=aarch64-linux-gnu-g++
if [ "${CI:-}" = true ] && [ "$(id -u)" = 0 ] &&
  ! { command -v clang++ && command -v $neon && command -v qemu-aarch64; } >/dev/null; then
  {
    apt-get update -qq
    apt-get install -y -qq clang
    apt-get install -y -qq --no-install-recommends qemu-user g++-aarch64-linux-gnu \
      libc6-dev-arm64-cross
  } >/dev/null 2>&1 || true
fi
nvrtc=$(find "$venv" -name 'libnvrtc.so.*' -print -quit)
if [ -n "$nvrtc" ]; then
  export KEOPSNB_TEST_NVRTC=$nvrtc
else
  missing "a real NVRTC, which PyTorch brings or pip install nvidia-cuda-nvrtc"
fi
for cxx in g++ clang++; do
  if ! command -v "$cxx" >/dev/null; then
    missing "$cxx, which is not installed" required
    continue
  fi
  stage "C++ tests with $cxx"
  cmake -S . -B "$work/$cxx" -G Ninja -DCMAKE_CXX_COMPILER="$cxx" -DKEOPSNB_BUILD_TESTS=ON \
    -DKEOPSNB_WERROR=ON >"$work/$cxx.log" || { cat "$work/$cxx.log"; exit 1; }
  cmake --build "$work/$cxx" -- --quiet
  ctest --test-dir "$work/$cxx" --output-on-failure --no-tests=error --parallel 2
done

if command -v nvcc >/dev/null; then
  stage "GPU sources with nvcc: the example, every reduction and operation"
  running=()
  for source in examples/cpp/gpu tests/python/every_reduction tests/python/every_operation; do
    nvcc -std=c++20 -Werror all-warnings -arch=sm_90 -Icpp/include -c "$source.cu" \
      -o "$work/$(basename "$source").o" &
    running+=($!)
  done
  for process in "${running[@]}"; do wait "$process"; done
else
  missing "nvcc, which was not found"
fi

if command -v $neon >/dev/null && command -v qemu-aarch64 >/dev/null; then
  stage "kernels and reductions with NEON, on an emulated processor"
  for test in kernel/kernel reduction/{reduction,topk,weights,product}; do
    $neon -std=c++20 -O1 -Wall -Wextra -Wshadow -Werror -static -pthread -Icpp/include \
      -Itests/cpp "tests/cpp/${test}_test.cpp" -o "$work/neon"
    qemu-aarch64 "$work/neon"
  done
else
  missing "NEON: $neon and qemu-aarch64 were not found"
fi

stage "Python tests, in two halves beside each other"
# Both wait for compilers most of the time, one process at a time.
half=(tests/python/gpu tests/python/{jit/test_compile_ahead,repo/test_compilers}.py
  tests/python/pytorch/test_{reductions_torch,torch_*}.py
  tests/python/lazy/test_lazy_{complex,every}*.py
  tests/python/solve/test_{torch_solve,solve_complex,solve_dense*}.py)
# A test that hangs says where, and does not last.
tests=(timeout --foreground -k 10 3000 python -m pytest -o faulthandler_timeout=300 --durations=20)
"${tests[@]}" "${half[@]}" >"$work/half.log" 2>&1 &
running=$!
"${tests[@]}" "${half[@]/#/--ignore=}" || { kill $running; cat "$work/half.log"; exit 1; }
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

stage "every other Python, with NumPy alone"
declare -A interpreters
while read -r version path; do interpreters[$version]=$path; done < <(bash .ci/interpreters.sh)
interpreters[$main_version]=$python
versions=$(printf '%s\n' "${!interpreters[@]}" | sort -V)
oldest=$(sed -n 's/^dependencies = \["numpy>=\(.*\)"\]/\1/p' pyproject.toml)
echo "found:" $versions
[ "${#interpreters[@]}" -ge 2 ] || missing "a second version of Python" required
stable=
for version in $versions; do
  case $version in 3.10 | 3.11) own=$version ;; *) own=${stable:=$version} ;; esac
  # One wheel for all versions from 3.12 on, made by the first of them.
  built=$work/wheel-$own
  [ "$own" != "$main_version" ] || built=$work/dist
  [ -d "$built" ] || make_wheel "${interpreters[$version]}" "$built"
  "${interpreters[$version]}" -m venv "$work/python-$version"
  bin=$work/python-$version/bin
  "$bin/pip" install --no-compile "$(echo "$built"/*.whl)[portable]"
  # The oldest has the oldest NumPy, whose wheels are those of that time's Pythons.
  if [ "$version" = "$(head -n 1 <<<"$versions")" ]; then
    "$bin/pip" install --no-compile --only-binary numpy "numpy==$oldest.0" "scipy>=1.10" ||
      missing "NumPy $oldest, which has no wheel for Python $version"
  fi
  numpy=$("$bin/python" -c 'import numpy; print(numpy.__version__)')
  echo "---- Python $version, NumPy $numpy, $(basename "$built"/*.whl)"
  representative "$bin/python" --quiet
done
for version in 3.10 3.11 3.12 3.13; do
  [ -n "${interpreters[$version]:-}" ] || missing "Python $version, which was not found"
  [ "$version" = "$main_version" ] || missing "PyTorch on Python $version"
done
missing "the oldest PyTorch, which CONTRIBUTING.md says how to run"
[ -n "$stable" ] || missing "a Python of 3.12 or later, and so the stable ABI" required

if [ "$(uname)" = Linux ]; then
  stage "the wheels run on Linux of 2018 and later"
  "$venv/bin/pip" install auditwheel
  for built in "$work/dist" "$work"/wheel-*[0-9]; do
    [ -d "$built" ] || continue
    shown=$(auditwheel show "$built"/*.whl 2>/dev/null)
    [[ $shown =~ manylinux_2_([0-9]+)_ ]]
    echo "$(basename "$built"/*.whl): glibc 2.${BASH_REMATCH[1]}"
    [ "${BASH_REMATCH[1]}" -le 28 ]
  done
fi

end_stage
for each in "${not_tested[@]}"; do echo "==== NOT TESTED: $each"; done
echo "==== all passed in $SECONDS s"
