#include <algorithm>
#include <optional>
#include <system_error>
#include <vector>

#include "cuda/kernels.hpp"
#include "jit/ahead.hpp"
#include "jit/cache.hpp"
#include "jit/digest.hpp"
#include "jit/headers.hpp"
#include "jit/shelf.hpp"

namespace keopsnb::cuda {
namespace {

using jit::Cache;
using jit::Key;
using jit::Store;

// Key of an object made ahead of time: whichever NVRTC made it. `kernel` is what all targets share.
Key kernel_key(const std::string& source, const std::string& flags) {
  Key kernel;
  kernel.field("keopsnb cuda kernel 1").field(source).field(jit::headers_digest()).field(flags);
  return kernel;
}

std::string portable_key(Key kernel, const Target& target) {
  return kernel.field(target.name()).hex();
}

// Key of an object in the cache, where a newer NVRTC makes a new one.
std::string exact_key(const std::string& source, const std::string& flags, const Target& target,
                      const Nvrtc& nvrtc) {
  Key key;
  key.field("keopsnb cuda object 1").field(source).field(jit::headers_digest());
  key.field(version_text(nvrtc.version())).field(target.name()).field(flags);
  return key.hex();
}

// Targets that a device of that architecture runs, the best first: its own machine code or that
// of an earlier minor version, then PTX.
std::vector<Target> runnable(int arch) {
  constexpr int oldest = 50;
  std::vector<Target> targets;
  for (int other = arch; other >= arch / 10 * 10; --other) targets.push_back({other, false});
  for (int other = arch; other >= oldest; --other) targets.push_back({other, true});
  return targets;
}

// Loads an object from disk. Null if it is gone, or not for this device or driver.
std::shared_ptr<const Kernels> load_object(const Device& device, const std::string& path) {
  const std::optional<std::string> image = jit::read_file(path);
  if (!image) return nullptr;
  try {
    return std::make_shared<const Kernels>(device, *image);
  } catch (const CudaError& error) {
    for (int unfit : {CUDA_ERROR_INVALID_IMAGE, CUDA_ERROR_NO_BINARY_FOR_GPU,
                      CUDA_ERROR_INVALID_PTX, CUDA_ERROR_UNSUPPORTED_PTX_VERSION})
      if (error.code == unfit) return nullptr;
    throw;
  }
}

std::shared_ptr<const Kernels> find_ahead(const std::string& source, const std::string& flags,
                                          const Device& device) {
  const std::vector<Store> stores = jit::ahead_stores();
  if (stores.empty()) return nullptr;
  const Key kernel = kernel_key(source, flags);
  for (const Target& target : runnable(device.arch())) {
    const std::string key = portable_key(kernel, target);
    for (const Store& store : stores)
      if (const auto path = store.find(key, target.extension()))
        if (auto kernels = load_object(device, *path)) return kernels;
  }
  return nullptr;
}

// Writes the image as an object of the store; returns its path.
std::string publish(const Store& store, const std::string& key, const Target& target,
                    const std::string& image) {
  const std::unique_ptr<jit::WorkFolder> work = store.work();
  const std::string file = work->path() + "/kernel" + target.extension();
  jit::write_file(file, image);
  return store.publish(file, key, target.extension());
}

// write(store) with the cache's store, or the temporary one if that cannot be written; "" if
// neither can: a kernel that is compiled needs no disk.
template <class Write>
std::string write_somewhere(Cache& cache, Write&& write) {
  for (bool again = false;; again = true) try {
      const Store store = cache.writable();
      try {
        return write(store);
      } catch (const std::system_error& error) {
        // Only the second time in a row: another process may have cleared the cache meanwhile.
        if (again && !cache.retreat(store, error.what())) return "";
      }
    } catch (const jit::CacheError&) {
      return "";
    }
}

std::string keep_source(const Store& store, const std::string& key, const std::string& source) {
  return store.keep_failed(*store.work(), key.substr(0, 16) + ".cu", source);
}

std::shared_ptr<const Kernels> find_or_compile(const std::string& source, const std::string& flags,
                                               const Device& device) {
  if (auto kernels = find_ahead(source, flags, device)) return kernels;
  Cache& cache = Cache::current();
  const Nvrtc& compiler = nvrtc();
  const Target target =
      target_for(device.arch(), device.driver_version, compiler.version(), compiler.architectures);
  const std::string key = exact_key(source, flags, target, compiler);
  if (const auto path = cache.find(key, target.extension()))
    if (auto kernels = load_object(device, *path)) return kernels;
  const Image image =
      compile(source, target, {flags, [&] {
                                 return write_somewhere(cache, [&](const Store& store) {
                                   return keep_source(store, key, source);
                                 });
                               }});
  auto kernels = std::make_shared<const Kernels>(device, image.bytes);
  write_somewhere(cache,
                  [&](const Store& store) { return publish(store, key, target, image.bytes); });
  return kernels;
}

}  // namespace

std::shared_ptr<const Kernels> load(const std::string& source, int ordinal,
                                    const KernelOptions& options) {
  const Device& at = device(ordinal);
  using Shelf = jit::Shelf<Kernels>;
  // All stay: a graph that was captured may hold what nobody else does.
  const auto place = Shelf::entry(
      jit::Key().field(source).field(options.flags).field(std::to_string(ordinal)).hex());
  return Shelf::open(place, Shelf::no_limit, {},
                     [&] { return find_or_compile(source, options.flags, at); })
      .shared();
}

std::string build(const std::string& source, const Target& target, const KernelOptions& options,
                  const std::string& folder) {
  const Nvrtc& compiler = nvrtc();
  if (!std::ranges::binary_search(compiler.architectures, target.arch)) {
    std::string known;
    for (int arch : compiler.architectures) known += " " + std::to_string(arch);
    throw CudaError("NVRTC " + version_text(compiler.version()) + " (" + compiler.path +
                    ") does not compile for " + target.name() + ". Name one of:" + known + ".");
  }
  const Store store(folder);
  const std::string key = portable_key(kernel_key(source, options.flags), target);
  try {
    const auto keep = [&]() -> std::string {
      try {
        return keep_source(store, key, source);
      } catch (const std::system_error&) {
        return "";
      }
    };
    const Image image = compile(source, target, {options.flags, keep});
    return publish(store, key, target, image.bytes);
  } catch (const std::system_error& error) {
    throw jit::CacheError("The kernel cannot be kept in the folder " + folder + ": " +
                          error.what() + ". Name a folder that you can write to.");
  }
}

}  // namespace keopsnb::cuda
