// Law: with precompiled headers, without them, and where the compiler refuses them or they are
// damaged, kernels are the same; they are made once, for a process that compiles many kernels.
#include <sys/stat.h>

#include <cstdio>
#include <string>
#include <vector>

#include <jit/cache.hpp>
#include <jit/errors.hpp>
#include <jit/precompiled.hpp>

#include "check.hpp"
#include "jit_fixture.hpp"

using namespace keopsnb::jit;
using scratch::in_child;

namespace {

std::vector<std::string> precompiled(const std::string& home) {
  std::vector<std::string> paths;
  for (const std::string& folder : names_in(home))
    for (const std::string& name : names_in(home + "/" + folder))
      if (name.ends_with(".gch")) paths.push_back(home + "/" + folder + "/" + name);
  return paths;
}

// Kernels of the values [begin, end).
bool run_some(int begin, int end) {
  bool all = true;
  for (int value = begin; value < end; ++value) all = runs(value) && all;
  return all;
}

// The compiler, which notes whether it is given precompiled headers; `refuse` then ends it.
std::string noting(const CacheFixture& fixture, const std::string& refuse) {
  return scratch::script(fixture.folder / "noting", "case \"$*\" in *-include*) echo >> " +
                                                        (fixture.folder / "given") + "; " + refuse +
                                                        " ;; esac\nexec " +
                                                        CacheFixture::real_compiler() + " \"$@\"");
}
std::size_t given(const CacheFixture& fixture) {
  return scratch::read(fixture.folder / "given").size();
}

bool is_gnu() {
  return host_compiler().version.find("Free Software Foundation") != std::string::npos;
}

constexpr int n = worthwhile;

void many_kernels_make_them() {
  const CacheFixture fixture;
  const scratch::Variable compiler{"KEOPSNB_CXX", noting(fixture, ":")};
  CHECK(in_child([] { return run_some(0, n - 1); }));
  CHECK(precompiled(fixture.home).empty() && given(fixture) == 0);
  CHECK(in_child([] { return run_some(n, 2 * n + 2); }));
  CHECK(precompiled(fixture.home).size() == (is_gnu() ? 1 : 0));
  CHECK(given(fixture) == (is_gnu() ? 3 : 0));
  // Another process finds them.
  CHECK(in_child([] { return runs(3 * n); }));
  CHECK(given(fixture) == (is_gnu() ? 4 : 0));
  // They count as bytes of the cache and not as objects, and to clear it removes them.
  Cache& cache = Cache::current();
  CHECK(cache.usage().entries == objects(fixture.home).size());
  CHECK(!is_gnu() || cache.usage().bytes > 4'000'000);
  cache.clear();
  CHECK(precompiled(fixture.home).empty());
}

// They go, and this process makes no others; the next one does.
void refused_ones_are_given_up() {
  const CacheFixture fixture;
  const scratch::Variable compiler{"KEOPSNB_CXX", noting(fixture, "echo no; exit 1")};
  CHECK(in_child([] { return run_some(0, n + 4); }));
  CHECK(given(fixture) == (is_gnu() ? 1 : 0) &&
        static_cast<int>(objects(fixture.home).size()) == n + 4);
  CHECK(precompiled(fixture.home).empty());
}

// A compiler that was killed, as for want of memory, says nothing of them.
void a_killed_compiler_says_nothing_of_them() {
  const CacheFixture fixture;
  const std::string once = fixture.folder / "once";
  const scratch::Variable compiler{
      "KEOPSNB_CXX",
      noting(fixture, "test -e " + once + " || { echo > " + once + "; kill -9 $$; }")};
  CHECK(in_child([] { return run_some(0, n + 4); }));
  CHECK(given(fixture) == (is_gnu() ? 5 : 0) &&
        static_cast<int>(objects(fixture.home).size()) == n + 4);
}

void damaged_ones_are_not_read() {
  const CacheFixture fixture;
  const scratch::Variable compiler{"KEOPSNB_CXX", noting(fixture, ":")};
  CHECK(in_child([] { return run_some(0, n); }));
  const std::size_t before = given(fixture);
  for (const std::string& path : precompiled(fixture.home)) {
    const std::string whole = scratch::read(path);
    scratch::write(path, whole.substr(0, whole.size() / 2));
  }
  CHECK(in_child([] { return runs(n); }) && given(fixture) == before);
  // Those that others could have written neither.
  for (const std::string& path : precompiled(fixture.home)) CHECK(remove(path.c_str()) == 0);
  CHECK(in_child([] { return run_some(n + 1, 2 * n + 1); }));
  for (const std::string& path : precompiled(fixture.home)) CHECK(chmod(path.c_str(), 0666) == 0);
  const std::size_t then = given(fixture);
  CHECK(in_child([] { return runs(3 * n); }) && given(fixture) == then);
}

// However many processes want them at once.
void they_are_made_once() {
  const CacheFixture fixture;
  std::vector<pid_t> children;
  for (int k = 0; k < 4; ++k)
    children.push_back(
        scratch::start_child([k] { return run_some(2 * n * k, 2 * n * k + n + 1); }));
  for (const pid_t child : children) CHECK(scratch::child_succeeds(child));
  CHECK(precompiled(fixture.home).size() == (is_gnu() ? 1 : 0));
}

// After the cache was cleared, and after a first attempt that Ctrl-C ended.
void they_are_made_again() {
  const CacheFixture fixture;
  CHECK(in_child([&] {
    bool good = run_some(0, n);
    Cache::current().clear();
    good = run_some(n, n + 2) && good;
    return good && precompiled(fixture.home).size() == (is_gnu() ? 1 : 0);
  }));
  Cache::current().clear();
  CHECK(in_child([&] {
    bool good = run_some(2 * n, 3 * n - 1), stopped = false;
    try {
      runs(3 * n, [] { return true; });
    } catch (const Interrupted&) {
      stopped = true;
    }
    good = run_some(3 * n + 1, 3 * n + 2) && good;
    return good && stopped && precompiled(fixture.home).size() == (is_gnu() ? 1 : 0);
  }));
}

// A kernel that does not compile is refused as it is without them.
void errors_are_the_same() {
  const CacheFixture fixture;
  CHECK(in_child([&] {
    bool refused = run_some(0, n + 1);
    try {
      load("#include <keopsnb/kernel/cpu.hpp>\nint f( {\n", {});
      refused = false;
    } catch (const CompileError& error) {
      refused = refused && error.log.find("kernel.cpp:2") != std::string::npos;
    }
    return refused && run_some(n + 1, n + 2) &&
           precompiled(fixture.home).size() == (is_gnu() ? 1 : 0);
  }));
}

}  // namespace

int main() {
  many_kernels_make_them();
  refused_ones_are_given_up();
  a_killed_compiler_says_nothing_of_them();
  damaged_ones_are_not_read();
  they_are_made_once();
  they_are_made_again();
  errors_are_the_same();
  return report("precompiled_test");
}
