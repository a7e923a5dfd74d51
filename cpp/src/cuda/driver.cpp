#include "cuda/driver.hpp"

#include <dlfcn.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <type_traits>

#include "cuda/advice.hpp"
#include "fork_lock.hpp"
#include "jit/loader.hpp"
#include "jit/process.hpp"

namespace keopsnb::cuda {
namespace {

struct Slot {
  std::atomic<const Device*> device{nullptr};
  std::atomic<CUcontext> context{nullptr};
};

struct Initialized {
  Driver driver;
  std::unique_ptr<Slot[]> slots;
};

std::atomic<const Initialized*> ready{nullptr};
std::atomic<bool> begun{false};  // cuInit was called, or is being called
std::atomic<bool> lost{false};   // this process was forked from one in which that is so
// Of making what the atomics hold. cuInit itself may fork, to run nvidia-modprobe.
using Hold = ForkLock<Initialized>;

void in_child() {
  if (begun) lost = true, ready = nullptr;
}

[[noreturn]] void throw_forked() {
  throw CudaError(
      "CUDA was initialized before this process was forked, and does not work in the child. Start "
      "processes with the 'spawn' method (multiprocessing.set_start_method('spawn')), or make no "
      "CUDA call before the fork.",
      CUDA_ERROR_NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED");
}

// dlopen's handle, never closed, or null and the reason in `tried`.
void* open(const std::string& path, const std::string& name, std::string& tried) {
  std::string why;
  if (void* handle = jit::open_shared(path, why)) return handle;
  tried += (tried.empty() ? "" : "; ") + name + " (" + why + ")";
  return nullptr;
}

struct Library {
  void* handle = nullptr;
  std::string path, tried;
};

Library open_library() {
  Library found;
  const std::string own = jit::environment_variable("KEOPSNB_CUDA_DRIVER");
  if (!own.empty()) {
    found.path = own;
    found.handle = open(own, "KEOPSNB_CUDA_DRIVER=" + own, found.tried);
    return found;
  }
  for (const char* path : {"libcuda.so.1", "libcuda.so", "/usr/lib/wsl/lib/libcuda.so.1"}) {
    found.path = path;
    if ((found.handle = open(path, path, found.tried)) != nullptr) break;
  }
  return found;
}

int version_of(void* library) {
  int version = 0;
  using Function = CUresult (*)(int*);
  const auto function = reinterpret_cast<Function>(dlsym(library, "cuDriverGetVersion"));
  return function != nullptr && function(&version) == CUDA_SUCCESS ? version : 0;
}

void load_functions(Driver& driver, void* library) {
  driver.version = version_of(library);
  const auto find = [&](auto*& member, const char* symbol) {
    member = reinterpret_cast<std::remove_reference_t<decltype(member)>>(dlsym(library, symbol));
    if (member != nullptr) return;
    throw CudaError("The NVIDIA driver " + driver.path + " is too old: it is for CUDA " +
                    version_text(driver.version) + " and has no function " + symbol +
                    ". Install a driver for CUDA 12.0 or newer (525 or newer)." + without_gpu);
  };
#define KEOPSNB_LOAD(NAME, SYMBOL, PARAMETERS) find(driver.NAME, #SYMBOL);
  KEOPSNB_CUDA_FUNCTIONS(KEOPSNB_LOAD)
#undef KEOPSNB_LOAD
}

const char* text_of(CUresult (*describe)(CUresult, const char**), CUresult result,
                    const char* otherwise) {
  const char* text = nullptr;
  return describe(result, &text) == CUDA_SUCCESS && text != nullptr ? text : otherwise;
}

std::string name_of(const Driver& driver, CUresult result) {
  return text_of(driver.cuGetErrorName, result, ("CUDA error " + std::to_string(result)).c_str());
}

[[noreturn]] void throw_not_started(const Driver& driver, CUresult result) {
  if (result == CUDA_ERROR_NOT_INITIALIZED) throw_forked();  // another library initialized it
  const std::string name = name_of(driver, result);
  throw CudaError("The NVIDIA driver " + driver.path + " (for CUDA " +
                      version_text(driver.version) + ") does not start: " + name + " (" +
                      text_of(driver.cuGetErrorString, result, "an error it has no words for") +
                      "). " + start_advice(result) + without_gpu,
                  result, name);
}

const Initialized& initialize() {
  static const bool watches_forks = pthread_atfork(nullptr, nullptr, in_child) == 0;
  (void)watches_forks;
  if (lost) throw_forked();
  const Library library = open_library();  // under the loader's lock, and so under no other
  const Hold hold;
  if (const Initialized* all = ready) return *all;
  if (lost) throw_forked();
  if (library.handle == nullptr)
    throw CudaError("No NVIDIA driver was found. Tried: " + library.tried +
                    ". Install NVIDIA's driver (a container must be started with it: docker run "
                    "--gpus all), or set KEOPSNB_CUDA_DRIVER to the path of its libcuda.so.1." +
                    without_gpu);
  auto all = std::make_unique<Initialized>();
  Driver& driver = all->driver;
  driver.path = library.path;
  load_functions(driver, library.handle);
  begun = true;
  CUresult result = driver.cuInit(0);
  if (result == CUDA_SUCCESS) result = driver.cuDeviceGetCount(&driver.devices);
  if (result == CUDA_SUCCESS && driver.devices == 0) result = CUDA_ERROR_NO_DEVICE;
  if (result != CUDA_SUCCESS) {
    begun = false;
    throw_not_started(driver, result);
  }
  all->slots = std::make_unique<Slot[]>(static_cast<std::size_t>(driver.devices));
  ready = all.get();
  return *all.release();  // kept for ever
}

const Initialized& initialized() {
  const Initialized* all = ready.load(std::memory_order_acquire);
  return all != nullptr ? *all : initialize();
}

std::unique_ptr<const Device> ask(const Driver& driver, int ordinal) {
  auto device = std::make_unique<Device>();
  device->ordinal = ordinal;
  device->driver_version = driver.version;
  check(driver.cuDeviceGet(&device->handle, ordinal), "find the device", ordinal);
  char name[256] = "";
  check(driver.cuDeviceGetName(name, sizeof name, device->handle), "ask for the name", ordinal);
  name[sizeof name - 1] = '\0';
  device->name = name;
  int pools = 0;
  const auto attribute = [&](int& value, int which) {
    check(driver.cuDeviceGetAttribute(&value, which, device->handle), "ask for an attribute",
          ordinal);
  };
  attribute(device->major, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
  attribute(device->minor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
  attribute(device->multiprocessors, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
  attribute(device->clock_khz, CU_DEVICE_ATTRIBUTE_CLOCK_RATE);
  attribute(device->double_cost, CU_DEVICE_ATTRIBUTE_SINGLE_TO_DOUBLE_PRECISION_PERF_RATIO);
  attribute(device->shared_block, CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK);
  attribute(device->shared_optin, CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);
  attribute(device->shared_multiprocessor,
            CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR);
  attribute(pools, CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED);
  device->shared_optin = std::max(device->shared_optin, device->shared_block);
  device->pools = pools != 0;
  return device;
}

CUcontext context_of(const Initialized& all, const Device& device) {
  std::atomic<CUcontext>& slot = all.slots[static_cast<std::size_t>(device.ordinal)].context;
  if (CUcontext context = slot) return context;
  const Hold hold;
  if (CUcontext context = slot) return context;
  CUcontext context = nullptr;
  check(all.driver.cuDevicePrimaryCtxRetain(&context, device.handle), "make a context",
        device.ordinal);
  slot = context;
  return context;
}

}  // namespace

const Driver& driver() { return initialized().driver; }

int driver_version() {
  if (const Initialized* all = ready) return all->driver.version;
  const Library library = open_library();
  return library.handle != nullptr ? version_of(library.handle) : 0;
}

std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

void throw_cuda_error(CUresult result, const char* what, int device, std::size_t bytes) {
  const Initialized& all = initialized();
  const Driver& cuda = all.driver;
  std::string where;
  if (device >= 0) {
    where = " on device " + std::to_string(device);
    const Device* known =
        device < cuda.devices
            ? all.slots[static_cast<std::size_t>(device)].device.load(std::memory_order_acquire)
            : nullptr;
    if (known != nullptr) where += " (" + known->name + ")";
  }
  const std::string name = name_of(cuda, result);
  throw CudaError(std::string("CUDA could not ") + what + where + ": " + name + " (" +
                      text_of(cuda.cuGetErrorString, result, "an error it has no words for") +
                      ")." + run_advice(result, cuda.version, bytes),
                  result, name);
}

int device_count() {
  try {
    return driver().devices;
  } catch (const CudaError&) {
    return 0;
  }
}

const Device& device(int ordinal) {
  const Initialized& all = initialized();
  const int count = all.driver.devices;
  if (ordinal < 0 || ordinal >= count)
    throw CudaError(
        "There is no CUDA device " + std::to_string(ordinal) + ": this process has " +
            (count == 1 ? "one, number 0"
                        : std::to_string(count) + ", numbers 0 to " + std::to_string(count - 1)) +
            ". Name one of these (CUDA_VISIBLE_DEVICES, which is " +
            shown_variable("CUDA_VISIBLE_DEVICES") + ", chooses which they are).",
        CUDA_ERROR_INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE");
  std::atomic<const Device*>& slot = all.slots[static_cast<std::size_t>(ordinal)].device;
  if (const Device* known = slot.load(std::memory_order_acquire)) return *known;
  std::unique_ptr<const Device> asked = ask(all.driver, ordinal);
  const Device* none = nullptr;  // of two threads that ask at once, the first one's answer is kept
  return slot.compare_exchange_strong(none, asked.get()) ? *asked.release() : *none;
}

Current::Current(const Device& device) : pushed_(false) {
  const Initialized& all = initialized();
  CUcontext context = context_of(all, device), before = nullptr;
  check(all.driver.cuCtxGetCurrent(&before), "see which context is current", device.ordinal);
  if (before == context) return;
  check(all.driver.cuCtxPushCurrent(context), "make its context current", device.ordinal);
  pushed_ = true;
}

Current::~Current() {
  const Initialized* all = ready;
  CUcontext popped = nullptr;
  if (pushed_ && all != nullptr) all->driver.cuCtxPopCurrent(&popped);
}

}  // namespace keopsnb::cuda
