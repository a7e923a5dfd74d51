// The cache on disk and the libraries in the process: right result or a clear error, whatever
// happens to processes and folders.
#include <signal.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <jit/cache.hpp>
#include <jit/digest.hpp>
#include <jit/errors.hpp>
#include <jit/library.hpp>

#include "check.hpp"
#include "jit_fixture.hpp"

using namespace keopsnb::jit;
using namespace std::chrono_literals;
using scratch::in_child;
using scratch::Variable;

namespace {

void objects_are_whole_or_absent() {
  const scratch::Folder folder;
  const Store store(folder / "store");
  const std::string key = digest_of("key"), bytes(5000, 'k');
  CHECK(!store.find(key, ".so"));
  const auto work = store.work();
  const auto publish = [&] {
    scratch::write(work->path() + "/made", bytes);
    chmod((work->path() + "/made").c_str(), 0777);
    return store.publish(work->path() + "/made", key, ".so");
  };
  const std::string path = publish();
  CHECK(store.find(key, ".so") == path && read_file(path) == bytes);
  CHECK(!store.find(digest_of("other"), ".so") && !store.find(key, ".cubin"));
  const std::map<std::string, std::string> damages = {{"truncated", bytes.substr(0, 4999)},
                                                      {"empty", ""},
                                                      {"longer", bytes + "k"},
                                                      {"changed", "K" + bytes.substr(1)}};
  for (const auto& [name, damaged] : damages) {
    scratch::write(path, damaged);
    CHECK(!store.find(key, ".so"));
    CHECK(publish() == path);
    CHECK(store.find(key, ".so") == path);
  }
  for (mode_t mode : {0666, 0664}) {
    chmod(path.c_str(), mode);
    CHECK(!store.find(key, ".so"));
  }
  chmod(path.c_str(), 0644);
  if (geteuid() == 0) {
    CHECK(chown(path.c_str(), 12345, 12345) == 0 && !store.find(key, ".so"));
    CHECK(chown(path.c_str(), 0, 0) == 0);
  }
  CHECK(store.find(key, ".so") == path);
  CHECK(store.usage().entries == 1 && store.usage().bytes >= bytes.size());
}

void folders_are_private_and_made_late() {
  const CacheFixture fixture;
  Cache& cache = Cache::current();
  CHECK(!cache.find(digest_of(""), ".so") && cache.usage().entries == 0 && !exists(fixture.home));
  CHECK(cache.home() == fixture.home && cache.reason().empty());
  CHECK(runs(100));
  struct stat info;
  CHECK(stat(fixture.home.c_str(), &info) == 0 && (info.st_mode & 07777) == 0700);
  CHECK(names_in(fixture.home + "/work").empty());
  CHECK(cache.usage().entries == 1 && objects(fixture.home).size() == 1);
  const CacheUsage before = cache.clear();
  CHECK(before.entries == 1 && cache.usage().entries == 0 && cache.usage().bytes == 0);
  CHECK(runs(100) && fixture.calls() == 1);   // still in this process
  CHECK(in_child([] { return runs(101); }));  // and the cleared folder serves again
  const Variable own("KEOPSNB_CACHE_DIR", nullptr), xdg("XDG_CACHE_HOME", fixture.folder / "xdg");
#ifndef __APPLE__
  CHECK(Cache::current().home() == fixture.folder / "xdg/keopsnb");
#endif
}

void each_source_is_compiled_once() {
  const CacheFixture fixture;
  const auto loads = [] { return runs(1) && runs(1) && runs(2); };
  CHECK(in_child(loads) && fixture.calls() == 2);
  CHECK(in_child(loads) && fixture.calls() == 2);  // from disk
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 8; ++i) threads.emplace_back([&, i] { good += runs(10 + i % 2); });
  for (std::thread& thread : threads) thread.join();
  CHECK(good.load() == 8 && fixture.calls() == 4);
}

// Without a compiler that works, what another one made of the same source serves.
void a_warm_cache_needs_no_compiler() {
  const CacheFixture fixture;
  const int value = unseen();
  CHECK(in_child([&] { return runs(value); }));
  const std::string other = scratch::script(fixture.folder / "other",
                                            "exec " + CacheFixture::real_compiler() + " \"$@\"");
  const std::string broken = scratch::script(fixture.folder / "broken",
                                             "case $* in *--version*) echo 1;; *) exit 1;; esac");
  for (const std::string& name :
       {std::string("/no/such/compiler"), std::string("/bin/false"), broken}) {
    const Variable compiler("KEOPSNB_CXX", name);
    CHECK(in_child([&] { return runs(value); }));
    CHECK_THROWS(CompileError, "", runs(unseen()));
  }
  {
    const Variable compiler("KEOPSNB_CXX", nullptr), usual("CXX", nullptr), path("PATH", "");
    CHECK(in_child([&] { return runs(value); }));
  }
  CHECK(objects(fixture.home).size() == 1);
  // One that works makes its own.
  const Variable compiler("KEOPSNB_CXX", other);
  CHECK(in_child([&] { return runs(value); }));
  CHECK(objects(fixture.home).size() == 2 && fixture.calls() == 1);
}

// Number of files of this cache that the process has mapped.
std::size_t mapped(const CacheFixture& fixture) {
  std::set<std::string> paths;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);)
    if (const std::size_t at = line.find(fixture.home); at != line.npos)
      paths.insert(line.substr(at));
  return paths.size();
}

void few_libraries_stay_loaded() {
  const CacheFixture fixture;
  using Libraries = Shelf<Library>;
  constexpr std::size_t limit = 3;
  for (int i = 0; i < 6; ++i) CHECK(runs(60 + i, {}, limit));
#ifdef __linux__
  CHECK(mapped(fixture) == limit);
#endif
  CHECK(Libraries::size() == limit && fixture.calls() == 6);
  // The least recently used goes first, and comes back from the disk.
  const auto is_open = [](int value) {
    return static_cast<bool>(Libraries::find(*Libraries::entry(source_of(value))));
  };
  CHECK(!is_open(62) && runs(63, {}, limit) && runs(66, {}, limit));
  CHECK(is_open(63) && !is_open(64) && is_open(65) && is_open(66));
  CHECK(runs(60, {}, limit) && fixture.calls() == 7 && is_open(60));
  // A kernel in use stays, beyond the limit too.
  const auto kept = Libraries::entry(source_of(60));
  const auto use = Libraries::find(*kept);
  for (int i = 0; i < 6; ++i) CHECK(runs(60 + i, {}, 1));
  CHECK(use && is_open(60));
  // From many threads, which open and close the same few.
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) good += runs(60 + (i * (t + 1) + t) % 6, {}, 2);
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(good.load() == 1600 && fixture.calls() == 7);
}

void errors_are_clear_and_not_remembered() {
  const CacheFixture fixture;
  const std::string bad = "int f( { return 1; }";
  for (int round = 0; round < 2; ++round) {
    try {
      load(bad);
      CHECK(false);
    } catch (const CompileError& error) {
      CHECK(error.log.find("error") != std::string::npos);
      CHECK(error.command.find(" -shared ") != std::string::npos);
      CHECK(error.source_path.starts_with(fixture.home + "/failed/"));
      CHECK(scratch::read(error.source_path) == bad);
      const std::string what = error.what();
      for (const std::string& part : {error.command, error.log, error.source_path})
        CHECK(what.find(part) != std::string::npos);
    }
  }
  CHECK(names_in(fixture.home + "/work").empty() && objects(fixture.home).empty());
  CHECK_THROWS(CompileError, "no_such_function",
               load("extern \"C\" int no_such_function();"
                    "extern \"C\" int (*f)();"
                    "int (*f)() = no_such_function;"));
  CHECK_THROWS(CompileError, "no symbol walk", load(source_of(3))->symbol("walk"));
}

void damage_is_mended() {
  const CacheFixture fixture;
  CHECK(in_child([] { return runs(1); }));
  const std::string object = objects(fixture.home).at(0), whole = scratch::read(object);
  for (const std::string& damaged : {std::string("garbage"), whole.substr(0, whole.size() / 2)}) {
    scratch::write(object, damaged);
    CHECK(in_child([] { return runs(1); }));
    CHECK(objects(fixture.home).size() == 1);
    CHECK(scratch::read(objects(fixture.home).at(0)) != damaged);
  }
  // Whole, by its name, but no shared object.
  std::filesystem::remove(object);
  scratch::write(object.substr(0, object.rfind('-') + 1) + digest_of("text").substr(0, 32) + ".so",
                 "text");
  CHECK(in_child([] { return runs(1); }));
  const std::string config = Store(fixture.home).headers() + "/keopsnb/config.hpp";
  for (const char* damaged : {"", "#error damaged"}) {
    scratch::write(config, damaged);
    CHECK(in_child([] { return runs(2 + getpid()); }));
    CHECK(scratch::read(config).size() > 100);
  }
  std::filesystem::remove_all(Store(fixture.home).headers());
  CHECK(in_child([] { return runs(3); }));
}

void many_processes_at_once() {
  const CacheFixture fixture;
  std::vector<pid_t> children;
  for (int i = 0; i < 8; ++i)
    children.push_back(scratch::start_child(
        [i] { return runs(i % 3) && runs((i + 1) % 3) && runs((i + 2) % 3); }));
  for (pid_t child : children) CHECK(scratch::child_succeeds(child));
  CHECK(names_in(fixture.home + "/work").empty());
  const std::size_t calls = fixture.calls();
  CHECK(in_child([] { return runs(0) && runs(1) && runs(2); }) && fixture.calls() == calls);
  // While another one keeps clearing the cache.
  const pid_t clearing = scratch::start_child([&] {
    for (;;) Store(fixture.home).clear(), std::this_thread::sleep_for(2ms);
    return false;
  });
  for (int i = 0; i < 5; ++i) CHECK(in_child([i] { return runs(20 + i); }));
  kill(clearing, SIGKILL);
  scratch::child_succeeds(clearing);
}

void killed_at_any_moment() {
  const CacheFixture fixture;
  for (int i = 0; i < 24; ++i) {
    const pid_t child = scratch::start_child([i] { return runs(i % 4); });
    std::this_thread::sleep_for(std::chrono::milliseconds(6 * i));
    kill(child, SIGKILL);
    scratch::child_succeeds(child);
    CHECK(in_child([i] { return runs(i % 4); }));
  }
  // Files that the killed left behind go when they are a day old.
  const std::string left = fixture.home + "/work/left", fresh = fixture.home + "/work/fresh";
  for (const std::string& folder : {left, fresh})
    make_folders(folder), write_file(folder + "/a", "");
  std::filesystem::last_write_time(left, std::filesystem::file_time_type::clock::now() - 25h);
  CHECK(in_child([] { return runs(50); }));
  CHECK(!exists(left) && exists(fresh));
}

void interrupts_leave_nothing() {
  const CacheFixture fixture;
  // So that a compilation is always met under way.
  const std::string slow =
      scratch::script(fixture.folder / "slow", "case $* in *-shared*) sleep 0.5;; esac\nexec " +
                                                   CacheFixture::real_compiler() + " \"$@\"");
  const Variable compiler("KEOPSNB_CXX", slow);
  std::atomic<int> polls{0};
  CHECK_THROWS(Interrupted, "interrupted", runs(7, [&] { return ++polls == 1; }));
  CHECK(names_in(fixture.home + "/work").empty() && objects(fixture.home).empty());
  // Another thread that waited for the same source takes over.
  std::atomic<bool> stop{false}, stopped{false}, good{false};
  std::thread first([&] {
    try {
      runs(7, [&] { return stop.load(); });
    } catch (const Interrupted&) {
      stopped = true;
    }
  });
  std::this_thread::sleep_for(100ms);
  std::thread second([&] { good = runs(7); });
  std::this_thread::sleep_for(100ms);
  CHECK_THROWS(Interrupted, "interrupted", runs(7, [] { return true; }));  // while it waits
  stop = true;
  first.join();
  second.join();
  CHECK(stopped.load() && good.load());
}

void a_forked_child_can_compile() {
  const CacheFixture fixture;
  CHECK(runs(1));
  std::thread other([] { CHECK(runs(2)); });
  std::this_thread::sleep_for(20ms);  // it is compiling
  CHECK(in_child([] { return runs(1) && runs(2) && runs(3); }));
  other.join();
}

}  // namespace

int main() {
  objects_are_whole_or_absent();
  folders_are_private_and_made_late();
  each_source_is_compiled_once();
  a_warm_cache_needs_no_compiler();
  few_libraries_stay_loaded();
  errors_are_clear_and_not_remembered();
  damage_is_mended();
  many_processes_at_once();
  killed_at_any_moment();
  interrupts_leave_nothing();
  a_forked_child_can_compile();
  return report("jit_cache");
}
