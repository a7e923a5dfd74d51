// Which NVRTC is found, and what it is asked to make.
#include <string>
#include <vector>

#include <cuda/driver.hpp>
#include <cuda/nvrtc.hpp>

#include "check.hpp"
#include "fake_cuda.hpp"

using namespace keopsnb::cuda;
using scratch::Variable;

namespace {

void targets_follow_the_versions() {
  const std::vector<int> old = {50, 60, 70, 75, 80, 86, 89, 90, 100, 103, 120},
                         recent = {75, 80, 86, 89, 90, 100, 103, 110, 120, 121};
  struct Case {
    int arch, driver, nvrtc;
    const std::vector<int>& known;
    const char* target;  // or a part of the message
  };
  const std::vector<Case> cases = {
      {90, 13000, 13000, recent, "sm_90"},
      {90, 13000, 13050, recent, "sm_90"},  // a minor version newer: code, but no PTX
      {90, 13000, 12090, old, "sm_90"},
      {90, 12020, 12090, old, "sm_90"},
      {61, 12090, 12090, old, "compute_60"},
      {61, 12040, 12090, old, "sm_60"},  // code of an earlier minor version runs
      {62, 13000, 12090, old, "compute_60"},
      {130, 13020, 13000, recent, "compute_121"},
      {130, 13000, 13000, recent, "compute_121"},
      {122, 13000, 13050, recent, "sm_121"},
      {130, 13000, 13050, recent, "newer than NVRTC 13.5 knows"},
      {90, 12080, 13000, recent, "NVRTC 13.0 is too new for the driver, which is for CUDA 12.8"},
      {90, 12080, 13000, recent, "keopsnb[cuda12]"},
      {70, 13000, 13000, recent, "sm_70, which NVRTC 13.0 compiles for no more"},
      {70, 13000, 13000, recent, "NVRTC 12 still has it: pip install 'keopsnb[cuda12]'"},
      {37, 12000, 12000, old, "backend='CPU'"},
  };
  for (const Case& one : cases) {
    std::string found;
    try {
      found = target_for(one.arch, one.driver, one.nvrtc, one.known).name();
    } catch (const CudaError& error) {
      found = error.what();
      if (found.find(one.target) != std::string::npos) found = one.target;
    }
    CHECK(found == one.target);
    if (found != one.target) std::fprintf(stderr, "  %s: %s\n", one.target, found.c_str());
  }
}

// Sites of packages with the NVRTC of both versions, and things that only look like one.
struct Site {
  scratch::Folder folder;
  std::string newer = fake_nvrtc(folder / "a/nvidia/cu13/lib/libnvrtc.so.13");
  std::string older = fake_nvrtc(folder / "a/nvidia/cuda_nvrtc/lib/libnvrtc.so.12");
  std::string builtins = fake_nvrtc(folder / "a/nvidia/cu13/lib/libnvrtc-builtins.so.13.1");
  std::string others = fake_nvrtc(folder / "a/nvidia/cu13/lib/libnvrtc-builtins.so.12.1");
  Variable own{"KEOPSNB_NVRTC", nullptr};
  Variable path{"CUDA_PATH", nullptr};
  Variable home{"CUDA_HOME", nullptr};

  Site() {
    fake_nvrtc(folder / "a/nvidia/cu13/lib/libnvrtc.alt.so.13");
    fake_nvrtc(folder / "a/nvidia/cublas/lib/libcublas.so.13");
    scratch::fs::create_directories(folder / "b/nvidia/cu13/lib");
    scratch::write(folder / "b/nvidia/cu13/lib/libnvrtc.so.13", "no library");
  }
};

bool loaded(const std::string& path) { return dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD); }

void the_compiler_is_found_in_order() {
  const Site site;
  const std::string a = site.folder / "a", b = site.folder / "b", none = site.folder / "none";
  // The wheels; the one that suits the driver, the newer one where no driver is known.
  struct Case {
    int version;
    std::string found;  // or said
  };
  for (const Case& one :
       std::vector<Case>{{13000, site.newer}, {12080, site.older}, {0, site.newer}})
    scenario([&] {
      if (one.version == 0) setenv("KEOPSNB_CUDA_DRIVER", "/no/such/libcuda.so", 1);
      fake_cuda().version = one.version;
      set_search_folders({none, b, a});
      CHECK(nvrtc().path == one.found && nvrtc().minor == 1 && &nvrtc() == &nvrtc());
      CHECK(nvrtc().architectures.front() == (nvrtc().major == 13 ? 75 : 50));
      CHECK(fake_cuda().calls("cuInit") == 0);
    });
  scenario([&] {  // builtins of the same version are opened before
    fake_cuda().version = 13000;
    set_search_folders({a});
    CHECK(!loaded(site.builtins));
    nvrtc();
    CHECK(loaded(site.builtins) && !loaded(site.others));
  });
  scenario([&] {  // too new for the driver, but the only one
    fake_cuda().version = 12080;
    scratch::fs::remove(site.older);
    set_search_folders({a});
    CHECK(nvrtc().path == site.newer);
    fake_nvrtc(site.older);
  });
  scenario([&] {  // what another library loaded comes before the wheels
    const std::string other = fake_nvrtc(site.folder / "torch/libnvrtc.so.12");
    CHECK(dlopen(other.c_str(), RTLD_NOW | RTLD_LOCAL) != nullptr);
    set_search_folders({a});
    CHECK(nvrtc().path == other);
  });
  scenario([&] {  // the system's come last
    if (dlopen("libnvrtc.so.13", RTLD_NOW) || dlopen("libnvrtc.so.12", RTLD_NOW)) return;
    const std::string system = fake_nvrtc(site.folder / "cuda/lib64/libnvrtc.so.12");
    const Variable home("CUDA_HOME", site.folder / "cuda");
    CHECK(nvrtc().path == system);
  });
  scenario([&] {  // KEOPSNB_NVRTC is binding
    set_search_folders({a});
    const std::string own = fake_nvrtc(site.folder / "own/libnvrtc.so.13"),
                      ancient = fake_nvrtc(site.folder / "own/libnvrtc.so.11");
    setenv("KEOPSNB_NVRTC", own.c_str(), 1);
    CHECK(nvrtc().path == own);
    setenv("KEOPSNB_NVRTC", ancient.c_str(), 1);
    CHECK_THROWS(CudaError, "it is version 11.1, and 12.0 or newer is needed", nvrtc());
    setenv("KEOPSNB_NVRTC", "/no/such.so", 1);
    CHECK_THROWS(CudaError, "KEOPSNB_NVRTC=/no/such.so (", nvrtc());
    setenv("KEOPSNB_NVRTC", FAKE_DRIVER, 1);
    CHECK_THROWS(CudaError, "it has no function nvrtcGetErrorString", nvrtc());
  });
  for (const Case& one : std::vector<Case>{
           {12080, "pip install 'keopsnb[cuda12]' (the NVIDIA driver is for CUDA 12.8)"},
           {13000, "pip install 'keopsnb[cuda13]'"},
           {13000, "libnvrtc.so.12 ("},
           {13000, "b/nvidia/cu13/lib/libnvrtc.so.13 ("},
           {13000, "KEOPSNB_NVRTC"}})
    scenario([&] {
      if (dlopen("libnvrtc.so.13", RTLD_NOW) || dlopen("libnvrtc.so.12", RTLD_NOW)) return;
      fake_cuda().version = one.version;
      set_search_folders({b});
      CHECK_THROWS(CudaError, one.found.c_str(), nvrtc());
      set_search_folders({a});  // a failure is not remembered
      nvrtc();
    });
}

}  // namespace

int main() {
  targets_follow_the_versions();
  the_compiler_is_found_in_order();
  return report("cuda_find");
}
