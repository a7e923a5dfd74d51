// Ctrl-C during long work: Python's signal handlers run now and then, in the thread that called.
#pragma once
#include <nanobind/nanobind.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "bind/interpreter.hpp"

namespace keopsnb {

class Watch {
 public:
  // True once a handler raised; the Python error is then set in the calling thread. From other
  // threads it only tells. Call it without the GIL.
  bool interrupted() {
    if (stopped_.load(std::memory_order_relaxed)) return true;
    if (std::this_thread::get_id() != owner_ || ++calls_ % calls_per_look != 0) return false;
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return false;
    next_ = now + interval;
    return look();
  }

  bool look() {
    const WithGil gil;
    if (PyErr_CheckSignals() != 0) stopped_.store(true, std::memory_order_relaxed);
    return stopped_.load(std::memory_order_relaxed);
  }

  bool stopped() const { return stopped_.load(std::memory_order_relaxed); }

  static bool callback(void* watch) { return static_cast<Watch*>(watch)->interrupted(); }

 private:
  // A clock is read every few blocks of a kernel, and the GIL asked for a few times a second.
  static constexpr unsigned calls_per_look = 16;
  static constexpr std::chrono::milliseconds interval{50};

  const std::thread::id owner_ = std::this_thread::get_id();
  std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::now() + interval;
  unsigned calls_ = 0;
  std::atomic<bool> stopped_{false};
};

}  // namespace keopsnb
