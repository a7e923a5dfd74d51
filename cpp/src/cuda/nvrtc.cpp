#include "cuda/nvrtc.hpp"

#include <dlfcn.h>
#ifdef __linux__
#include <link.h>
#endif

#include <algorithm>
#include <atomic>
#include <charconv>
#include <filesystem>
#include <memory>
#include <optional>
#include <type_traits>

#include "cuda/advice.hpp"
#include "cuda/driver.hpp"
#include "jit/files.hpp"
#include "jit/loader.hpp"
#include "jit/memo.hpp"
#include "jit/process.hpp"

namespace keopsnb::cuda {
namespace fs = std::filesystem;
namespace {

using Paths = std::vector<std::string>;

constexpr std::string_view library_name = "libnvrtc.so";
constexpr std::string_view builtins_name = "libnvrtc-builtins.so";
constexpr int oldest_major = 12;  // the first that compiles C++20

std::atomic<const Paths*> search_folders{nullptr};  // what it pointed to before is kept, too

// The first number of what follows `name` in a file's name: 13 in libnvrtc.so.13.0; 0 if none.
int major_in(std::string_view file, std::string_view name) {
  int major = 0;
  if (file.starts_with(name) && file.size() > name.size() + 1)
    std::from_chars(file.data() + name.size() + 1, file.data() + file.size(), major);
  return major;
}

std::string name_of(const std::string& path) { return fs::path(path).filename().string(); }

// NVRTC's libraries in a folder, the newest first.
Paths libraries_in(const std::string& folder) {
  Paths names = jit::names_in(folder);
  std::erase_if(names, [](const std::string& name) { return !name.starts_with(library_name); });
  std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    const int first = major_in(a, library_name), second = major_in(b, library_name);
    return first != second ? first > second : a < b;
  });
  for (std::string& name : names) name = folder + "/" + name;
  return names;
}

Paths loaded_libraries() {
  Paths paths;
#ifdef __linux__
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* data) {
        const std::string path = info->dlpi_name != nullptr ? info->dlpi_name : "";
        if (name_of(path).starts_with(library_name)) static_cast<Paths*>(data)->push_back(path);
        return 0;
      },
      &paths);
#endif
  return paths;
}

// <packages>/nvidia/<any>/lib: "cu13" of CUDA 13's wheels, "cuda_nvrtc" of CUDA 12's.
Paths wheel_libraries(const Paths& folders) {
  Paths all;
  for (const std::string& folder : folders) {
    Paths here;
    for (const std::string& name : jit::names_in(folder + "/nvidia"))
      for (const std::string& path : libraries_in(folder + "/nvidia/" + name + "/lib"))
        here.push_back(path);
    std::stable_sort(here.begin(), here.end(), [](const std::string& a, const std::string& b) {
      return major_in(name_of(a), library_name) > major_in(name_of(b), library_name);
    });
    all.insert(all.end(), here.begin(), here.end());
  }
  return all;
}

Paths system_libraries() {
  Paths all = {"libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"};
  for (const std::string& root :
       {jit::environment_variable("CUDA_PATH"), jit::environment_variable("CUDA_HOME"),
        std::string("/usr/local/cuda")}) {
    if (root.empty()) continue;
    for (const char* folder : {"/lib64", "/lib"})
      for (const std::string& path : libraries_in(root + folder)) all.push_back(path);
  }
  return all;
}

// NVRTC opens its builtins by a bare name, which the system may resolve to nothing, or to those of
// another version: a copy that is there already is taken first.
void open_builtins(const std::string& path) {
  if (path.find('/') == std::string::npos) return;
  std::error_code error;
  const fs::path real = fs::canonical(path, error);  // libnvrtc.so may stand for libnvrtc.so.13.0
  const int major = major_in(real.filename().string(), library_name);
  Paths folders = {fs::path(path).parent_path().string()};
  if (const std::string other = real.parent_path().string(); !error && other != folders[0])
    folders.push_back(other);
  std::string ignored;
  for (const std::string& folder : folders)
    for (const std::string& name : jit::names_in(folder))
      if (name.starts_with(builtins_name) && (major == 0 || major_in(name, builtins_name) == major))
        jit::open_shared(folder + "/" + name, ignored, RTLD_GLOBAL);
}

// Why the opened library cannot serve; "" if it can.
std::string fill(Nvrtc& found, void* handle) {
  const auto find = [&](auto*& member, const char* symbol) {
    member = reinterpret_cast<std::remove_reference_t<decltype(member)>>(dlsym(handle, symbol));
    return member != nullptr ? "" : std::string("it has no function ") + symbol;
  };
  std::string fault = find(found.nvrtcGetErrorString, "nvrtcGetErrorString");
#define KEOPSNB_LOAD(NAME, PARAMETERS) \
  if (fault.empty()) fault = find(found.NAME, #NAME);
  KEOPSNB_NVRTC_FUNCTIONS(KEOPSNB_LOAD)
#undef KEOPSNB_LOAD
  if (!fault.empty()) return fault;
  int count = 0;
  if (found.nvrtcVersion(&found.major, &found.minor) != NVRTC_SUCCESS ||
      found.nvrtcGetNumSupportedArchs(&count) != NVRTC_SUCCESS || count <= 0)
    return "it does not say which version it is";
  if (found.major < oldest_major)
    return "it is version " + version_text(found.version()) + ", and 12.0 or newer is needed";
  found.architectures.resize(static_cast<std::size_t>(count));
  if (found.nvrtcGetSupportedArchs(found.architectures.data()) != NVRTC_SUCCESS)
    return "it does not say which architectures it knows";
  std::sort(found.architectures.begin(), found.architectures.end());
  Dl_info info{};
  if (found.path.find('/') == std::string::npos &&
      dladdr(reinterpret_cast<void*>(found.nvrtcVersion), &info) != 0 && info.dli_fname != nullptr)
    found.path = info.dli_fname;
  return "";
}

// Tries libraries in order. One too new for the driver is kept for the case that no other opens.
class Search {
 public:
  explicit Search(int driver_version) : driver_major_(driver_version / 1000) {}

  bool open(const std::string& path, const std::string& name, int flags = 0) {
    open_builtins(path);
    auto found = std::make_unique<Nvrtc>();
    found->path = path;
    std::string fault;
    if (void* handle = jit::open_shared(path, fault, RTLD_LOCAL | flags))
      fault = fill(*found, handle);
    if (!fault.empty()) {
      tried_ += (tried_.empty() ? "" : "; ") + name + " (" + fault + ")";
      return false;
    }
    const bool fits = driver_major_ == 0 || found->major <= driver_major_;
    if (fits || !best_) best_ = std::move(found);
    return fits;
  }
  bool open_any(const Paths& paths, int flags = 0) {
    return std::any_of(paths.begin(), paths.end(),
                       [&](const std::string& path) { return open(path, path, flags); });
  }
  std::unique_ptr<Nvrtc> take() { return std::move(best_); }
  const std::string& tried() const { return tried_; }

 private:
  int driver_major_;
  std::unique_ptr<Nvrtc> best_;
  std::string tried_;
};

std::unique_ptr<Nvrtc> find(const std::string& own) {
  const int version = driver_version();
  Search search(version);
  if (!own.empty()) {
    search.open(own, "KEOPSNB_NVRTC=" + own);
    if (auto found = search.take()) return found;
    throw CudaError("The library that KEOPSNB_NVRTC names cannot be used: " + search.tried() +
                    ". Set KEOPSNB_NVRTC to the path of a libnvrtc.so of CUDA 12 or newer, or "
                    "unset it.");
  }
  const Paths* folders = search_folders;
  if (!search.open_any(loaded_libraries(), RTLD_NOLOAD) &&
      !(folders != nullptr && search.open_any(wheel_libraries(*folders))))
    search.open_any(system_libraries());
  if (auto found = search.take()) return found;
  throw CudaError(
      "NVRTC, NVIDIA's compiler for kernels made at run time, was not found. Tried: " +
      search.tried() + ". Install it with: " + nvrtc_package(version) +
      (version != 0 ? " (the NVIDIA driver is for CUDA " + version_text(version) + ")" : "") +
      ", or set KEOPSNB_NVRTC to the path of its libnvrtc.so." + without_gpu);
}

}  // namespace

void set_search_folders(std::vector<std::string> folders) {
  search_folders = new Paths(std::move(folders));
}

const Nvrtc& nvrtc() {
  static jit::Memo<Nvrtc> found;
  const std::string own = jit::environment_variable("KEOPSNB_NVRTC");
  return found.get(own, [&] { return find(own); });
}

}  // namespace keopsnb::cuda
