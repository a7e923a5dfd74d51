// An executor of tests.
#pragma once
#include <thread>
#include <vector>

#include <keopsnb/config.hpp>

// Runs tasks on threads, in reverse order: nothing may depend on who runs what when.
struct Threads {
  int count;
  int threads() const { return count; }
  template <class F>
  void run(keopsnb::i64 tasks, F&& task) const {
    std::vector<std::thread> all;
    for (int t = 0; t < count; ++t)
      all.emplace_back([&, t] {
        for (keopsnb::i64 k = tasks - 1 - t; k >= 0; k -= count) task(k);
      });
    for (std::thread& t : all) t.join();
  }
};
