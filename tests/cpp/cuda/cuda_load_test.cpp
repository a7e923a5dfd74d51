// NVRTC and kernels, with a driver and an NVRTC that need no GPU: what is found, in which order,
// and how often anything is compiled.
#include <signal.h>
#include <sys/resource.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <cuda/kernels.hpp>
#include <jit/cache.hpp>
#include <jit/digest.hpp>

#include "check.hpp"
#include "fake_cuda.hpp"
#include "jit_fixture.hpp"

using namespace keopsnb::cuda;
using keopsnb::jit::CacheError;
using keopsnb::jit::CompileError;
using scratch::Variable;

namespace {

// A cache of its own, and an NVRTC that counts.
struct CudaFixture {
  scratch::Folder folder;
  std::string home = folder / "cache";
  Variable cache{"KEOPSNB_CACHE_DIR", home};
  Variable compiler{"KEOPSNB_NVRTC", fake_nvrtc(folder / "libnvrtc.so.12")};
  Variable log{"FAKE_NVRTC_CALLS", folder / "calls"};
  Variable ahead{"KEOPSNB_KERNEL_PATH", nullptr};
  std::size_t calls() const { return scratch::read(folder / "calls").size(); }
};

const std::string good_source = "#include <keopsnb/config.hpp>\nrun answer";

bool loads(const std::string& source = good_source, int ordinal = 0,
           const KernelOptions& options = {}) {
  return load(source, ordinal, options)->function("run") != nullptr;
}

void each_kernel_is_compiled_once() {
  const CudaFixture fixture;
  scenario([&] {
    std::vector<std::thread> threads;
    std::atomic<int> good{0};
    for (int i = 0; i < 8; ++i) threads.emplace_back([&] { good += loads(); });
    for (std::thread& thread : threads) thread.join();
    CHECK(good == 8 && fixture.calls() == 1 && fake_cuda().calls("cuModuleLoadDataEx") == 1);
    CHECK(load(good_source, 0) == load(good_source, 0));
  });
  CHECK(objects(fixture.home).size() == 1 && objects(fixture.home)[0].ends_with(".cubin"));
  scenario([&] { CHECK(loads() && fixture.calls() == 1); });  // from disk
  scenario([&] {
    CHECK(loads(good_source, 0, {"-use_fast_math"}) && fixture.calls() == 2);
    CHECK(loads("run another") && fixture.calls() == 3);
    CHECK_THROWS(CudaError, "no CUDA device 1", loads(good_source, 1));
  });
  scenario([&] {  // devices have modules of their own, and share what is compiled
    fake_cuda().devices = 2;
    CHECK(loads(good_source, 0) && loads(good_source, 1) && fixture.calls() == 3);
    CHECK(load(good_source, 0) != load(good_source, 1));
    CHECK(load(good_source, 1)->device().ordinal == 1);
  });
  scenario([&] {  // another architecture, another compiler
    fake_cuda().arch = 80;
    CHECK(loads() && fixture.calls() == 4);
  });
  const Variable newer("KEOPSNB_NVRTC", fake_nvrtc(fixture.folder / "libnvrtc.so.13"));
  for (int arch : {90, 121})
    scenario([&] {
      fake_cuda().version = 13010;
      fake_cuda().arch = arch;
      CHECK(loads() && fixture.calls() == (arch == 90 ? 5 : 6));
    });
  CHECK(objects(fixture.home).size() == 6);
}

void functions_and_variables_are_found() {
  const CudaFixture fixture;
  scenario([] {
    const auto kernels = load(good_source, 0);
    CHECK(kernels->global<int>("answer") == 42);
    CHECK_THROWS(CudaError, "has 4 bytes, and 8 were asked for", kernels->global<double>("answer"));
    CHECK_THROWS(CudaError, "find the variable nothing on device 0 (Fake GPU 0): CUDA_ERROR_NOT_FO",
                 kernels->global<int>("nothing"));
    CHECK_THROWS(CudaError, "find the kernel walk on device 0 (Fake GPU 0): CUDA_ERROR_NOT_FOUND",
                 kernels->function("walk"));
    const CUfunction run = kernels->function("run");
    kernels->set_shared(run, 232448);
    CHECK(fake_cuda().calls("cuFuncSetAttribute 8 232448") == 1);
    CHECK_THROWS(CudaError,
                 "asks for 232449 bytes of shared memory a block, and device 0 (Fake "
                 "GPU 0) has at most 232448",
                 kernels->set_shared(run, 232449));
    CUcontext context = nullptr;
    driver().cuCtxGetCurrent(&context);
    CHECK(context == nullptr);  // every scope was left
  });
}

// Law: loading and reading are no part of a graph that is being captured, and the thread's own mode
// is what it was, after a failure too.
void captures_go_on() {
  const CudaFixture fixture;
  scenario([] {
    fake_cuda().capturing = true;
    CHECK(loads() && load(good_source, 0)->global<int>("answer") == 42);
    CHECK_THROWS(CudaError, "walk", load(good_source, 0)->function("walk"));
    int mode = 1;
    driver().cuThreadExchangeStreamCaptureMode(&mode);
    CHECK(mode == 0);
  });
}

void errors_reach_all_who_wait_and_are_not_remembered() {
  const CudaFixture fixture;
  scenario([&] {
    std::vector<std::thread> threads;
    std::atomic<int> told{0};
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        try {
          load("slow, wrong", 0);
        } catch (const CompileError&) {
          ++told;
        }
      });
    for (std::thread& thread : threads) thread.join();
    CHECK(told == 4 && fixture.calls() == 1);
    CHECK_THROWS(CompileError, "expected", load("slow, wrong", 0));
    CHECK(fixture.calls() == 2);
    try {
      load("wrong", 0, {"-DX=1"});
      CHECK(false);
    } catch (const CompileError& error) {
      const std::string what = error.what();
      CHECK(error.log.find("expected a \";\"") != std::string::npos && error.log.size() > 5000);
      CHECK(error.command.starts_with("nvrtc --std=c++20 ") && error.command.ends_with(" -DX=1"));
      CHECK(error.command.find(" --gpu-architecture=sm_90 ") != std::string::npos);
      CHECK(error.source_path.starts_with(fixture.home + "/failed/"));
      CHECK(error.source_path.ends_with(".cu") && scratch::read(error.source_path) == "wrong");
      for (const std::string& part :
           {error.command, error.source_path, std::string("NVRTC 12.1 (" + nvrtc().path + ")"),
            std::string("NVRTC_ERROR_COMPILATION"), std::string("expected a \";\"")})
        CHECK(what.find(part) != std::string::npos);
      CHECK(what.size() < 5000);
    }
    CHECK_THROWS(CompileError, "unrecognized option -no-such-option",
                 load(good_source, 0, {"-no-such-option"}));
    CHECK_THROWS(CompileError, "cannot open source file keopsnb/none.hpp",
                 load("#include <keopsnb/none.hpp>", 0));
    fake_cuda().failures["cuModuleLoadDataEx"] = 218;
    CHECK_THROWS(CudaError, "The driver says: ptxas fatal: no such instruction", loads());
    fake_cuda().failures.clear();
    CHECK(loads());
  });
}

void damage_is_mended() {
  const CudaFixture fixture;
  scenario([] { CHECK(loads()); });
  const std::string object = objects(fixture.home).at(0), whole = scratch::read(object);
  scratch::write(object, whole.substr(0, 9));
  scenario([&] { CHECK(loads() && fixture.calls() == 2 && scratch::read(object) == whole); });
  // Whole, by its name, but no image.
  scratch::fs::remove(object);
  scratch::write(object.substr(0, object.rfind('-') + 1) +
                     keopsnb::jit::digest_of("text").substr(0, 32) + ".cubin",
                 "text");
  scenario([&] { CHECK(loads() && fixture.calls() == 3 && scratch::read(object) == whole); });
}

void folders_that_cannot_be_written() {
  const CudaFixture fixture;
  const Variable nowhere("KEOPSNB_CACHE_DIR", "/proc/keopsnb-no-such-folder");
  scenario([&] {
    CHECK(loads() && fixture.calls() == 1);
    using keopsnb::jit::Cache;
    CHECK(!Cache::current().reason().empty() && objects(Cache::current().folder_in_use()).size());
    CHECK_THROWS(CompileError, "\nSource: /", load("wrong", 0));
  });
  scenario([&] {  // a full disk, everywhere: a kernel that is compiled needs none
    signal(SIGXFSZ, SIG_IGN);
    const rlimit none{0, RLIM_INFINITY};
    unsetenv("FAKE_NVRTC_CALLS");
    setrlimit(RLIMIT_FSIZE, &none);
    const bool good = loads();
    const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &all);
    CHECK(good);
  });
  const std::string file = fixture.folder / "file";
  scratch::write(file, "");
  const Variable unsafe("KEOPSNB_CACHE_DIR", file);
  scenario([] { CHECK_THROWS(CacheError, "it is not a folder", loads()); });
}

// Law: with an object made ahead of time no NVRTC is looked for, whichever made it.
void kernels_made_ahead_need_no_compiler() {
  const CudaFixture fixture;
  const auto make = [&](const std::string& name, const std::vector<Target>& targets) {
    for (const Target& target : targets)
      build(good_source, target, {"-DA=1"}, fixture.folder / name);
  };
  scenario([&] {  // with no driver
    setenv("KEOPSNB_CUDA_DRIVER", "/no/such/libcuda.so", 1);
    make("exact", {{75, true}, {80, false}, {90, false}});
    make("minor", {{75, true}, {80, false}});
    make("ptx", {{60, true}, {75, true}, {90, false}});
    make("other", {{50, false}, {90, false}, {90, true}});
  });
  CHECK(fixture.calls() == 11 && !exists(fixture.home));
  const Variable no_compiler("KEOPSNB_NVRTC", "/no/such/libnvrtc.so");
  const auto in = [&](const std::string& name) { return fixture.folder / name; };
  struct Case {
    std::string folders;
    int arch;
    std::string image;  // how the image that serves begins; "" if none does
  };
  const std::vector<Case> cases = {
      {in("exact"), 90, "cubin 90"},
      {in("none") + "::" + in("ptx") + ":" + in("exact"), 80, "cubin 80"},
      {in("minor"), 89, "cubin 80"},
      {in("ptx"), 89, "ptx 75"},
      {in("other"), 120, "ptx 90"},
      {in("other"), 80, ""},
  };
  for (const Case& one : cases)
    scenario([&] {
      setenv("KEOPSNB_KERNEL_PATH", one.folders.c_str(), 1);
      fake_cuda().arch = one.arch;
      if (one.image.empty()) {
        CHECK_THROWS(CudaError, "KEOPSNB_NVRTC=/no/such", loads(good_source, 0, {"-DA=1"}));
        return;
      }
      const auto kernels = load(good_source, 0, {"-DA=1"});
      CHECK(kernels->function(one.image.c_str()) !=
            nullptr);  // the fake finds any word of the image
      CHECK_THROWS(CudaError, "KEOPSNB_NVRTC=/no/such", loads(good_source, 0, {"-DA=2"}));
    });
  CHECK(fixture.calls() == 11);
}

void folders_of_kernels_are_checked() {
  const CudaFixture fixture;
  const std::string ahead = fixture.folder / "ahead";
  scenario([&] {
    build(good_source, {90, false}, {}, ahead);
    setenv("KEOPSNB_KERNEL_PATH", ahead.c_str(), 1);
    chmod(ahead.c_str(), 0777);
    CHECK_THROWS(CacheError,
                 "which KEOPSNB_KERNEL_PATH names, cannot be used: other users may "
                 "write to it",
                 loads());
    chmod(ahead.c_str(), 0755);
    scratch::write(objects(ahead).at(0), "garbage");
    CHECK(loads() && fixture.calls() == 2);  // damaged: compiled
  });
  scenario([&] {
    CHECK_THROWS(CudaError, "does not compile for sm_91. Name one of: 50 60 70 75 80 90.",
                 build(good_source, {91, false}, {}, ahead));
    CHECK_THROWS(CacheError, "cannot be kept in the folder /proc/none",
                 build(good_source, {90, false}, {}, "/proc/none"));
    CHECK_THROWS(CompileError, ("\nSource: " + ahead + "/failed/").c_str(),
                 build("wrong", {90, false}, {}, ahead));
    const std::string path = build(good_source, {80, true}, {}, ahead);
    CHECK(path.starts_with(ahead + "/objects/") && path.ends_with(".ptx") && exists(path));
  });
}

}  // namespace

int main() {
  each_kernel_is_compiled_once();
  functions_and_variables_are_found();
  captures_go_on();
  errors_reach_all_who_wait_and_are_not_remembered();
  damage_is_mended();
  folders_that_cannot_be_written();
  kernels_made_ahead_need_no_compiler();
  folders_of_kernels_are_checked();
  return report("cuda_load");
}
