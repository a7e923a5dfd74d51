// The driver, its devices and their memory, on a driver with no GPU: right result or a clear error.
#include <atomic>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <cuda/driver.hpp>
#include <cuda/kernels.hpp>
#include <cuda/memory.hpp>

#include "check.hpp"
#include "fake_cuda.hpp"

using namespace keopsnb::cuda;
using scratch::Variable;
using Words = std::vector<std::string>;

namespace {

// The message of the CudaError that `body` throws holds all words; returns its code.
template <class Body>
int refuses(const Words& words, Body body) {
  try {
    body();
  } catch (const CudaError& error) {
    const std::string text = error.what();
    for (const std::string& word : words) {
      const bool said = text.find(word) != std::string::npos;
      CHECK(said);
      if (!said) std::fprintf(stderr, "  no \"%s\" in: %s\n", word.c_str(), text.c_str());
    }
    CHECK(text.ends_with('.'));
    return error.code;
  }
  CHECK(!"nothing was thrown");
  return -1;
}

// Else no later fork could use CUDA.
void versions_are_known_without_initialization() {
  scenario([] {
    fake_cuda().version = 12040;
    CHECK(driver_version() == 12040 && fake_cuda().calls("cuInit") == 0);
  });
}

void one_initialization_serves_all_threads() {
  scenario([] {
    std::vector<std::thread> threads;
    std::atomic<int> good{0};
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([&] {
        const Current current(0);
        good += driver().devices == 1 && device(0).name == "Fake GPU 0";
      });
    for (std::thread& thread : threads) thread.join();
    CHECK(good == 8 && fake_cuda().calls("cuInit") == 1);
    CHECK(fake_cuda().calls("cuDevicePrimaryCtxRetain 0") == 1);
    CHECK(&driver() == &driver() && &device(0) == &device(0));
  });
}

void a_missing_driver_is_explained() {
  const Words always = {"backend='CPU'", "KEOPSNB_CUDA_DRIVER"};
  scenario(
      [&] {
        for (int round = 0; round < 2; ++round) {
          refuses({"No NVIDIA driver was found", "KEOPSNB_CUDA_DRIVER=/no/such/libcuda.so",
                   "cannot open shared object file", always[0]},
                  [] { driver(); });
          CHECK(device_count() == 0 && driver_version() == 0);
        }
        setenv("KEOPSNB_CUDA_DRIVER", FAKE_DRIVER, 1);
        CHECK(device_count() == 1);  // a failure is not remembered
      },
      "/no/such/libcuda.so");
  scenario([&] {
    unsetenv("KEOPSNB_CUDA_DRIVER");
    if (dlopen("libcuda.so.1", RTLD_NOW) != nullptr) return;  // this machine has a driver
    refuses({"libcuda.so.1 (", "libcuda.so (", "/usr/lib/wsl/lib/libcuda.so.1 (", always[1]},
            [] { driver(); });
  });
}

void a_driver_that_is_too_old_is_named() {
  scenario(
      [] {
        fake_cuda(FAKE_OLD_DRIVER).version = 11000;
        refuses({"is too old", "CUDA 11.0", "no function cuMemAllocFromPoolAsync", FAKE_OLD_DRIVER,
                 "CUDA 12.0 or newer", "backend='CPU'"},
                [] { driver(); });
        CHECK(device_count() == 0);
      },
      FAKE_OLD_DRIVER);
}

void a_driver_that_does_not_start_is_explained() {
  struct Case {
    int code;
    Words words;
  };
  const std::vector<Case> cases = {
      {CUDA_ERROR_NO_DEVICE,
       {"CUDA_ERROR_NO_DEVICE (no CUDA-capable", "CUDA_VISIBLE_DEVICES, which is '7'",
        "CUDA 12.8"}},
      {CUDA_ERROR_STUB_LIBRARY, {"CUDA_ERROR_STUB_LIBRARY", "lib64/stubs", "LD_LIBRARY_PATH"}},
      {CUDA_ERROR_SYSTEM_DRIVER_MISMATCH, {"CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", "restart"}},
      {CUDA_ERROR_UNKNOWN, {"CUDA_ERROR_UNKNOWN (unknown error)", "nvidia-smi"}},
      {4321, {"CUDA error 4321", "no words for"}}};
  for (const Case& one : cases)
    scenario([&] {
      const Variable visible("CUDA_VISIBLE_DEVICES", "7");
      fake_cuda().failures["cuInit"] = one.code;
      CHECK(refuses(one.words, [] { driver(); }) == one.code);
      refuses({"does not start", FAKE_DRIVER, "backend='CPU'"}, [] { driver(); });
      CHECK(device_count() == 0);
      CHECK(scratch::in_child([] {  // no context was lost: the same words, not those of a fork
        refuses({"does not start"}, [] { driver(); });
        return checks_failed == 0;
      }));
      fake_cuda().failures.clear();
      CHECK(device_count() == 1);
    });
  scenario([] {
    fake_cuda().devices = 0;
    refuses({"CUDA_ERROR_NO_DEVICE"}, [] { driver(); });
  });
}

void devices_are_known_by_number() {
  scenario([] {
    fake_cuda().devices = 2;
    fake_cuda().arch = 103;
    CHECK(device_count() == 2);
    const Device& second = device(1);
    CHECK(second.name == "Fake GPU 1" && second.ordinal == 1 && second.arch() == 103);
    CHECK(second.major == 10 && second.minor == 3 && second.multiprocessors == 132);
    CHECK(second.double_cost == 2);
    CHECK(second.clock_khz == 1'980'000 && second.shared_block == 49152);
    CHECK(second.shared_optin == 232448 && second.shared_multiprocessor == 233472);
    CHECK(second.pools && second.driver_version == 12080);
    CHECK(fake_cuda().calls("cuDevicePrimaryCtxRetain") == 0);
    const int asked = fake_cuda().calls("cuDeviceGetAttribute");
    device(1);
    CHECK(fake_cuda().calls("cuDeviceGetAttribute") == asked);
    for (int wrong : {2, -1, 1000})
      CHECK(refuses({"no CUDA device " + std::to_string(wrong), "2, numbers 0 to 1",
                     "CUDA_VISIBLE_DEVICES"},
                    [&] { device(wrong); }) == CUDA_ERROR_INVALID_DEVICE);
  });
  scenario([] { refuses({"this process has one, number 0"}, [] { device(1); }); });
}

// Law: after the scope the thread's current context is what it was before.
void contexts_are_current_in_a_scope() {
  scenario([] {
    fake_cuda().devices = 2;
    const auto now = [] {
      CUcontext context = nullptr;
      driver().cuCtxGetCurrent(&context);
      return context;
    };
    CHECK(now() == nullptr);
    {
      const Current first(0);
      const CUcontext of_first = now();
      CHECK(of_first != nullptr);
      const Current again(0);
      CHECK(fake_cuda().calls("cuCtxPushCurrent") == 1);
      {
        const Current second(1);
        CHECK(now() != of_first);
      }
      CHECK(now() == of_first);
    }
    CHECK(now() == nullptr);
    CHECK(fake_cuda().calls("cuDevicePrimaryCtxRetain") == 2);
  });
}

void failed_calls_say_what_helps() {
  scenario([] {
    device(0);
    CHECK(refuses({"CUDA could not allocate memory on device 0 (Fake GPU 0): "
                   "CUDA_ERROR_OUT_OF_MEMORY (out of memory).",
                   "123456 bytes were asked for", "torch.cuda.empty_cache()"},
                  [] { check(2, "allocate memory", 0, 123456); }) == CUDA_ERROR_OUT_OF_MEMORY);
    for (int code : {700, 719})
      refuses({"every later CUDA call in it fails", "must be restarted"},
              [&] { check(code, "launch a kernel", 0); });
    for (int code : {200, 209, 218, 222})
      refuses({"The driver, for CUDA 12.8, is too old", "pip install 'keopsnb[cuda12]'"},
              [&] { check(code, "load a kernel", 0); });
    refuses({"could not do it: CUDA error 4321"}, [] { check(4321, "do it"); });
    try {
      check(700, "launch a kernel");
      CHECK(false);
    } catch (const CudaError& error) {
      CHECK(error.code == 700 && error.name == "CUDA_ERROR_ILLEGAL_ADDRESS");
    }
    check(CUDA_SUCCESS, "do nothing");
  });
  // The context is lost: later calls fail with the same words, and nothing crashes on the way out.
  scenario([] {
    const Device& gpu = device(0);
    DeviceBuffer buffer(gpu, nullptr, 64);
    const Current current(gpu);
    fake_cuda().failures["cuLaunchKernel"] = 719;
    const auto launch = [] {
      check(driver().cuLaunchKernel(nullptr, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr),
            "launch a kernel", 0);
    };
    CHECK(refuses({"CUDA_ERROR_LAUNCH_FAILED", "restarted"}, launch) == 719);
    char byte = 0;
    refuses({"restarted"}, [&] { upload(gpu, nullptr, buffer.pointer(), &byte, 1); });
    refuses({"restarted"}, [&] { DeviceBuffer(gpu, nullptr, 1); });
  });
}

void forked_children_are_told() {
  scenario([] {  // nothing was initialized: the child may
    CHECK(scratch::in_child([] { return device_count() == 1; }));
    CHECK(driver_version() == 12080);
    CHECK(scratch::in_child([] { return device_count() == 1; }));
  });
  const Words words = {"before this process was forked", "'spawn'",
                       "make no CUDA call before the fork"};
  scenario([&] {
    const Device& gpu = device(0);
    host_stream(gpu);
    CHECK(scratch::in_child([&] {
      for (int round = 0; round < 2; ++round) refuses(words, [] { driver(); });
      refuses(words, [] { device(0); });
      refuses(words, [&] { host_stream(gpu); });
      refuses(words, [&] { DeviceBuffer(gpu, nullptr, 8); });
      refuses(words, [] { load("kernel", 0); });
      return checks_failed == 0 && device_count() == 0;
    }));
    CHECK(device_count() == 1);  // the parent goes on
  });
  scenario([] {  // a fork by cuInit itself is none of ours
    fake_cuda().forks = true;
    CHECK(device_count() == 1 && device(0).name == "Fake GPU 0");
  });
  scenario([&] {  // another library initialized CUDA
    void* library = dlopen(FAKE_DRIVER, RTLD_NOW);
    reinterpret_cast<CUresult (*)(unsigned)>(dlsym(library, "cuInit"))(0);
    CHECK(scratch::in_child([&] {
      refuses(words, [] { driver(); });
      return checks_failed == 0;
    }));
  });
}

// Law: what is uploaded and downloaded again is the same, and either call returns when the host
// memory is free to use, though the transfers themselves come as late as may be.
void copies_arrive_whole() {
  for (bool pools : {true, false})
    scenario([&] {
      fake_cuda().pools = pools;
      const Device& gpu = device(0);
      const CUstream stream = host_stream(gpu);
      CHECK(stream != nullptr && host_stream(gpu) == stream);
      CHECK(fake_cuda().calls("cuStreamCreate 1") == 1);
      for (std::size_t count :
           {0u, 1u, 1000u, 1u << 18, (1u << 18) + 1, (1u << 20) + 17, 1500000u}) {
        std::vector<int> sent(count), got(count, -1);
        std::iota(sent.begin(), sent.end(), 7);
        const std::vector<int> kept = sent;
        DeviceBuffer buffer(gpu, stream, 4 * count);
        CHECK(buffer.bytes() == 4 * count && (buffer.pointer() != 0) == (count != 0));
        upload(gpu, stream, buffer.pointer(), sent.data(), 4 * count);
        std::fill(sent.begin(), sent.end(), 0);
        download(gpu, stream, got.data(), buffer.pointer(), 4 * count);
        CHECK(got == kept);
      }
      CHECK(fake_cuda().calls("cuMemHostAlloc") == 1);
      CHECK((fake_cuda().calls("cuMemAllocFromPoolAsync") != 0) == pools);
      CHECK(fake_cuda().calls("cuMemPoolCreate 0") == pools);
      CHECK(fake_cuda().calls("cuMemPoolSetAttribute 4 268435456") == pools);
      CHECK(fake_cuda().calls("cuMemPoolSetAttribute 3 0") == pools);
      CHECK((fake_cuda().calls("cuMemAlloc ") != 0) == !pools);
      CHECK(fake_cuda().calls("cuMemFree") == 6 && fake_cuda().allocations == 0);
    });
  scenario([] {  // a pinned buffer is not written while another stream has yet to read it
    const Device& gpu = device(0);
    const Current current(gpu);
    CUstream other = nullptr;
    driver().cuStreamCreate(&other, 1);
    const DeviceBuffer first(gpu, host_stream(gpu), 8), second(gpu, host_stream(gpu), 8);
    const double one = 1, two = 2;
    double got = 0;
    upload(gpu, host_stream(gpu), second.pointer(), &two, 8);
    driver().cuStreamSynchronize(host_stream(gpu));
    upload(gpu, host_stream(gpu), first.pointer(), &one, 8);
    download(gpu, other, &got, second.pointer(), 8);
    CHECK(got == two);
    download(gpu, host_stream(gpu), &got, first.pointer(), 8);
    CHECK(got == one);
  });
  scenario([] {  // many threads at once, each with a stream of its own
    const Device& gpu = device(0);
    std::vector<std::thread> threads;
    std::atomic<int> good{0};
    for (int id = 0; id < 4; ++id)
      threads.emplace_back([&, id] {
        const Current current(gpu);
        CUstream stream = nullptr;
        driver().cuStreamCreate(&stream, 1);
        for (int round = 0; round < 3; ++round) {
          const std::vector<int> sent(900'000, 10 * id + round);
          std::vector<int> got(sent.size());
          const DeviceBuffer buffer(gpu, stream, 4 * sent.size());
          upload(gpu, stream, buffer.pointer(), sent.data(), 4 * sent.size());
          download(gpu, stream, got.data(), buffer.pointer(), 4 * sent.size());
          good += got == sent;
        }
      });
    for (std::thread& thread : threads) thread.join();
    CHECK(good == 12);
  });
}

void memory_is_freed_once() {
  scenario([] {
    const Device& gpu = device(0);
    {
      DeviceBuffer first(gpu, nullptr, 64);
      const CUdeviceptr address = first.pointer();
      DeviceBuffer second = std::move(first);
      CHECK(second.pointer() == address && first.pointer() == 0);
      first = DeviceBuffer(gpu, nullptr, 32);
      second = std::move(first);
      CHECK(fake_cuda().calls("cuMemFreeAsync") == 1 && second.bytes() == 32);
    }
    CHECK(fake_cuda().calls("cuMemFreeAsync") == 2 && fake_cuda().allocations == 0);
    fake_cuda().failures["cuMemAllocFromPoolAsync"] = 2;
    refuses({"allocate memory on device 0", "1099511627776 bytes"},
            [&] { DeviceBuffer(gpu, nullptr, std::size_t{1} << 40); });
    fake_cuda().failures["cuMemHostAlloc"] = 2;
    refuses({"pin host memory"}, [&] { upload(gpu, nullptr, 1, "x", 1); });
    fake_cuda().failures.clear();
    CHECK(fake_cuda().calls("cuMemFreeAsync") == 2);
  });
}

}  // namespace

int main() {
  versions_are_known_without_initialization();
  one_initialization_serves_all_threads();
  a_missing_driver_is_explained();
  a_driver_that_is_too_old_is_named();
  a_driver_that_does_not_start_is_explained();
  devices_are_known_by_number();
  contexts_are_current_in_a_scope();
  failed_calls_say_what_helps();
  forked_children_are_told();
  copies_arrive_whole();
  memory_is_freed_once();
  return report("cuda");
}
