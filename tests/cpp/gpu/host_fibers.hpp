// Threads of a block as fibers of one thread of the host: each runs up to its next barrier, in an
// order that turns round with each. Tests with many barriers take a seventh of the time of threads.
#pragma once
#include <sys/mman.h>
#include <ucontext.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

#include "host_memory.hpp"

namespace emulation {

class HostGpu;

struct HostDevice {
  int thread_, threads_;
  i64 block_;
  char* shared_;
  HostGpu* gpu;

  int thread() const { return thread_; }
  int threads() const { return threads_; }
  i64 block() const { return block_; }
  char* shared() const { return shared_; }
  inline void sync() const;
  inline bool any(bool mine) const;
  int take(int* counter) const { return (*counter)++; }
};

class HostGpu {
 public:
  static constexpr int most_threads = 256;
  using Kernel = std::function<void(HostDevice&)>;

  HostGpu() : stacks_(map()), fibers_(most_threads) {}
  HostGpu(const HostGpu&) = delete;
  HostGpu& operator=(const HostGpu&) = delete;
  ~HostGpu() { munmap(stacks_, most_threads * stack_bytes); }

  void launch(i64 blocks, int threads, i64 shared_bytes, const Kernel& kernel) {
    if (blocks < 1 || threads < 1 || threads > most_threads)
      stop("a launch without blocks, or with too few or too many threads");
    const Memory shared(shared_bytes);
    kernel_ = &kernel;
    threads_ = threads;
    for (i64 block = 0; block < blocks; ++block) {
      run({0, threads, block, shared.data(), this});
      shared.poison();
    }
  }

  // Called by a fiber: the others run until they are here too. Law: all wait for the same thing. A
  // GPU may hang where some threads of a block end and others wait for them.
  void wait() { swapcontext(&fibers_[size(current_)].context, &scheduler_); }
  bool any(bool mine) {
    found_ |= mine;
    wait();
    return any_;
  }

 private:
  static constexpr std::size_t stack_bytes = 1 << 20;
  struct Fiber {
    ucontext_t context;
    HostDevice device;
    bool ended;
  };

  [[noreturn]] static void stop(const char* reason) {
    std::fprintf(stderr, "%s\n", reason);
    std::abort();
  }

  static char* map() {
    void* const memory = mmap(nullptr, most_threads * stack_bytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) stop("no memory for the stacks of a block");
    return static_cast<char*>(memory);
  }

  static void body(unsigned low, unsigned high) {
    auto* const gpu = reinterpret_cast<HostGpu*>(std::size_t{high} << 32 | low);
    Fiber& fiber = gpu->fibers_[size(gpu->current_)];
    (*gpu->kernel_)(fiber.device);
    fiber.ended = true;
    gpu->wait();
  }

  void run(HostDevice device) {
    const auto self = reinterpret_cast<std::size_t>(this);
    for (int t = 0; t < threads_; ++t) {
      Fiber& fiber = fibers_[size(t)];
      fiber.device = device;
      fiber.device.thread_ = t;
      fiber.ended = false;
      getcontext(&fiber.context);
      fiber.context.uc_stack.ss_sp = stacks_ + size(t) * stack_bytes;
      fiber.context.uc_stack.ss_size = stack_bytes;
      fiber.context.uc_link = nullptr;
      makecontext(&fiber.context, reinterpret_cast<void (*)()>(body), 2,
                  static_cast<unsigned>(self), static_cast<unsigned>(self >> 32));
    }
    for (int ended = 0; ended == 0;) {
      for (int t = 0; t < threads_; ++t) {
        current_ = backwards_ ? threads_ - 1 - t : t;
        swapcontext(&scheduler_, &fibers_[size(current_)].context);
        ended += fibers_[size(current_)].ended;
      }
      if (ended != 0 && ended != threads_)
        stop("a thread ended while others of its block wait at a barrier");
      any_ = found_;
      found_ = false;
      backwards_ = !backwards_;
    }
  }

  char* stacks_;
  std::vector<Fiber> fibers_;
  ucontext_t scheduler_;
  const Kernel* kernel_ = nullptr;
  int threads_ = 0, current_ = 0;
  bool found_ = false, any_ = false, backwards_ = false;
};

void HostDevice::sync() const { gpu->wait(); }
bool HostDevice::any(bool mine) const { return gpu->any(mine); }

inline HostGpu& host_gpu() {
  static thread_local HostGpu gpu;
  return gpu;
}

}  // namespace emulation
