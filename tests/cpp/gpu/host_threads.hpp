// Threads of a block as threads of the host, which sanitizers know.
#pragma once
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>
#include <vector>

#include "host_memory.hpp"

namespace emulation {

// The barrier of a block, and the point where its threads end.
class Meeting {
 public:
  explicit Meeting(int threads) : threads_(threads) {}

  // The last to arrive runs `last` while the others wait. Law: all wait for the same thing. A GPU
  // may hang where some threads of a block end and others wait for them.
  template <class Last>
  void wait(bool ending, Last&& last) {
    const int turn = turn_.load();
    if (ending) ending_.fetch_add(1);
    if (arrived_.fetch_add(1) + 1 < threads_) {
      turn_.wait(turn);
      return;
    }
    if (ending_ != 0 && ending_ != threads_) {
      std::fprintf(stderr, "a thread ended while others of its block wait at a barrier\n");
      std::abort();
    }
    last();
    arrived_ = 0;
    ending_ = 0;
    turn_.fetch_add(1);
    turn_.notify_all();
  }

  // Whether `mine` holds for any of the threads that meet.
  bool any(bool mine) {
    if (mine) found_ = true;
    wait(false, [&] { any_ = found_.exchange(false); });
    return any_;
  }

 private:
  const int threads_;
  std::atomic<int> arrived_ = 0, ending_ = 0, turn_ = 0;
  std::atomic<bool> found_ = false, any_ = false;
};

struct HostDevice {
  int thread_, threads_;
  i64 block_;
  char* shared_;
  Meeting* meeting;

  int thread() const { return thread_; }
  int threads() const { return threads_; }
  i64 block() const { return block_; }
  char* shared() const { return shared_; }
  void sync() const {
    meeting->wait(false, [] {});
  }
  bool any(bool mine) const { return meeting->any(mine); }
  int take(int* counter) const { return std::atomic_ref(*counter).fetch_add(1); }
};

class HostGpu {
 public:
  static constexpr int most_threads = 256;
  using Kernel = std::function<void(HostDevice&)>;

  HostGpu() {
    for (int t = 0; t < most_threads; ++t) workers_.emplace_back([this, t] { work(t); });
  }
  HostGpu(const HostGpu&) = delete;
  HostGpu& operator=(const HostGpu&) = delete;
  ~HostGpu() {
    grid_ = nullptr;
    start();
    for (std::thread& t : workers_) t.join();
  }

  void launch(i64 blocks, int threads, i64 shared_bytes, Kernel kernel) {
    if (blocks < 1 || threads < 1 || threads > most_threads) {
      std::fprintf(stderr, "a launch of %lld blocks of %d threads\n", blocks, threads);
      std::abort();
    }
    Grid grid{blocks, threads, Memory(shared_bytes), Meeting(threads), std::move(kernel)};
    grid_ = &grid;
    working_ = most_threads;
    start();
    for (int left = working_; left > 0; left = working_) working_.wait(left);
  }

 private:
  struct Grid {
    i64 blocks;
    int threads;
    Memory shared;
    Meeting meeting;
    Kernel kernel;
  };

  void start() {
    turn_.fetch_add(1);
    turn_.notify_all();
  }

  void work(int thread) {
    for (int turn = 0;; ++turn) {
      turn_.wait(turn);
      Grid* const grid = grid_;
      if (!grid) return;
      if (thread < grid->threads) run(*grid, thread);
      if (working_.fetch_sub(1) == 1) working_.notify_all();
    }
  }

  static void run(Grid& grid, int thread) {
    for (i64 block = 0; block < grid.blocks; ++block) {
      HostDevice device{thread, grid.threads, block, grid.shared.data(), &grid.meeting};
      grid.kernel(device);
      grid.meeting.wait(true, [&] { grid.shared.poison(); });
    }
  }

  Grid* grid_ = nullptr;
  std::atomic<int> turn_ = 0, working_ = 0;
  std::vector<std::thread> workers_;
};

inline HostGpu& host_gpu() {
  static HostGpu gpu;
  return gpu;
}

}  // namespace emulation
