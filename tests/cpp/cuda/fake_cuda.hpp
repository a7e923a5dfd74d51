// A driver and an NVRTC that have no GPU, as shared objects, and places for tests that use them.
#pragma once
#include <dlfcn.h>

#include <map>
#include <mutex>
#include <string>
#include <type_traits>
#include <vector>

#include "check.hpp"
#include "scratch.hpp"

// The state of the fake driver, which exports it as `fake_state`. Its images are text: "cubin 90"
// or "ptx 90", a newline, and the source; a function or variable is there if its name is in the
// source.
struct FakeCuda {
  std::mutex mutex;
  int version = 12080;
  int devices = 1;
  int arch = 90;
  int multiprocessors = 132;
  int double_cost = 2;  // of float64, in float32s
  bool pools = true;
  bool forks = false;                   // cuInit runs a program first
  int capturing = 0;                    // streams of this process that are being captured
  std::map<std::string, int> failures;  // what a call returns
  std::map<std::string, int> failures_once;
  int lost = 0;                  // what every call returns after an error like 700
  int allocations = 0;           // of device memory, not freed
  std::vector<std::string> log;  // "cuMemAlloc 4096": names of calls, and sizes

  // Number of calls whose entry begins so.
  int calls(const std::string& begin) {
    const std::lock_guard lock(mutex);
    int count = 0;
    for (const std::string& entry : log) count += entry.starts_with(begin);
    return count;
  }
};

// The driver's way to graphs, as a program has it: what a stream is given from now on is recorded;
// it is run, once more, by a replay.
struct FakeGraphs {
  void (*begin)(void* stream);
  int (*end)(void* stream);
  void (*replay)(int graph);
};
inline FakeGraphs fake_graphs(const char* path = FAKE_DRIVER) {
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  const auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
  };
  FakeGraphs graphs{};
  find(graphs.begin, "fake_begin_capture");
  find(graphs.end, "fake_end_capture");
  find(graphs.replay, "fake_replay");
  return graphs;
}

inline FakeCuda& fake_cuda(const char* path = FAKE_DRIVER) {
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  void* state = library != nullptr ? dlsym(library, "fake_state") : nullptr;
  if (state == nullptr) std::fprintf(stderr, "%s\n", dlerror()), std::abort();
  return *static_cast<FakeCuda*>(state);
}

// A copy of the fake NVRTC, whose version its name says; the folders are made.
inline std::string fake_nvrtc(const std::string& path) {
  scratch::fs::create_directories(path.substr(0, path.rfind('/')));
  scratch::fs::copy_file(FAKE_NVRTC, path);
  return path;
}

// Runs `body` in a process of its own, where nothing was initialized, with the fake driver.
template <class Body>
void scenario(Body body, const char* path = FAKE_DRIVER) {
  CHECK(scratch::in_child([&] {
    checks_failed = 0;
    setenv("KEOPSNB_CUDA_DRIVER", path, 1);
    body();
    return checks_failed == 0;
  }));
}
