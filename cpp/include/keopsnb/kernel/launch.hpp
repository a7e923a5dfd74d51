// How a whole reduction is cut into tasks, for any way of running them.
//
// Tasks are ranges of outputs. When there are few outputs the reduced index is split as well, and
// the states of the parts are merged: a reduction is a monoid.
#pragma once
#include <keopsnb/kernel/cut.hpp>
#include <keopsnb/kernel/entry.hpp>

namespace keopsnb {

struct CpuCall {
  const void* const* in;  // inputs by position, see CpuTask
  void* out;  // (outputs, out_dim), or (1, out_dim) where all outputs are summed into one
  i64 outputs, reduced;
  bool one;  // the kernel's Output is one
  i64 number_bytes;
  bool (*stop)(void*);
  void* stop_argument;
};

// Runs tasks one after the other, in the calling thread.
struct Serial {
  int threads() { return 1; }
  template <class F>
  void run(i64 tasks, F&& task) {
    for (i64 k = 0; k < tasks; ++k) task(k);
  }
};

namespace detail {

// Memory for one task or one call, aligned for any pack. `data` is null if there is none left.
struct Memory {
  char* raw = nullptr;
  void* data = nullptr;
  explicit Memory(i64 bytes) {
    if (bytes == 0) return;
    raw = static_cast<char*>(__builtin_malloc(static_cast<decltype(sizeof(0))>(bytes + 64)));
    if (raw) data = raw + (64 - reinterpret_cast<decltype(sizeof(0))>(raw) % 64);
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() { __builtin_free(raw); }
};

}  // namespace detail

enum class Outcome { done, stopped, out_of_memory };

// Executor: threads(), and run(n, f) that calls f(0) ... f(n-1), at the same time if it likes.
template <class Executor>
Outcome launch(const CpuKernel& kernel, const CpuCall& call, Executor& executor) {
  using namespace detail;
  // Pairs in a task worth handing to another thread; in one that ends soon enough for Ctrl-C; tasks
  // per thread, so that all end together.
  constexpr double smallest = 1 << 15, largest = 1 << 27;
  constexpr i64 tasks_per_thread = 8;
  const i64 threads = executor.threads();
  const i64 tiles = parts_of(call.outputs, kernel.rows);
  const double pairs = static_cast<double>(call.outputs) * static_cast<double>(call.reduced);
  const i64 wanted = at_least(
      static_cast<i64>(pairs / largest),
      threads == 1
          ? 1
          : at_most(threads * tasks_per_thread, at_least(1, static_cast<i64>(pairs / smallest))));

  const i64 tiles_per_task = at_least(1, tiles / at_least(1, wanted));
  const i64 ranges = parts_of(tiles, tiles_per_task);
  // Shorter splits than this would spend their time on loading and merging.
  const i64 most_splits = at_least(1, call.reduced / 1024);
  const i64 splits =
      ranges >= threads ? 1 : at_most(most_splits, parts_of(wanted, at_least(1, ranges)));
  const i64 reduced_per_task = parts_of(call.reduced, splits);
  const i64 tasks = ranges * splits;

  const bool merges = call.one || splits > 1;
  const i64 states_per_split = call.one ? 1 : call.outputs;
  const i64 parts = call.one ? tasks : splits;
  const i64 state_bytes = kernel.state_dim * call.number_bytes;
  Memory states(merges ? parts * states_per_split * state_bytes : 0);
  if (merges && parts * states_per_split > 0 && !states.data) return Outcome::out_of_memory;

  bool starved = false;
  executor.run(tasks, [&](i64 t) {
    const i64 range = t % at_least(1, ranges), split = t / at_least(1, ranges);
    Memory workspace(kernel.workspace);
    if (kernel.workspace > 0 && !workspace.data) {
      __atomic_store_n(&starved, true, __ATOMIC_RELAXED);
      return;
    }
    CpuTask task{};
    task.in = call.in;
    task.out = call.out;
    task.workspace = workspace.data;
    task.out_begin = range * tiles_per_task * kernel.rows;
    task.out_end = at_most(call.outputs, task.out_begin + tiles_per_task * kernel.rows);
    task.red_begin = at_most(call.reduced, split * reduced_per_task);
    task.red_end = at_most(call.reduced, task.red_begin + reduced_per_task);
    task.stop = call.stop;
    task.stop_argument = call.stop_argument;
    if (merges) {
      const i64 first = call.one ? t : split * call.outputs + task.out_begin;
      task.states = static_cast<char*>(states.data) + first * state_bytes;
    }
    kernel.run(&task);
  });
  if (starved) return Outcome::out_of_memory;
  if (call.stop && call.stop(call.stop_argument)) return Outcome::stopped;
  if (merges) {
    Memory workspace(state_bytes);
    if (!workspace.data) return Outcome::out_of_memory;
    kernel.merge(states.data, parts, states_per_split, workspace.data, call.out);
  }
  return Outcome::done;
}

}  // namespace keopsnb
