// The memory from which a CPU kernel reads parameters and rows of reduced variables.
#pragma once
#include <keopsnb/kernel/cut.hpp>
#include <keopsnb/kernel/entry.hpp>
#include <keopsnb/kernel/layout.hpp>
#include <keopsnb/storage.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

// Numbers that are computed with as they lie in memory.
struct RowsInMemory {
  KEOPSNB_FN void start(const CpuTask&, i64) {}
  KEOPSNB_FN void finish() {}
  KEOPSNB_FN i64 bring(const void* const*, i64, i64 to, i64) { return to; }
  KEOPSNB_FN const void* const* inputs(const void* const* in) const { return in; }
  KEOPSNB_FN i64 row(i64 j) const { return j; }
};

// Numbers that are converted: copies of all parameters, and of some rows of the reduced variables
// at a time. Each is converted once for the outputs of a tile, not wherever it is read.
template <class S, class Reduced, class Parameters, int Positions, int Steps>
class ConvertedRows {
  using T = computed_in<S>;
  static constexpr i64 reduced_dim = offset_of<void>(Reduced{});
  static constexpr i64 parameter_dim = offset_of<void>(Parameters{});
  // As many whole steps as 8 KB hold: the first level of the cache keeps them beside the outputs.
  static constexpr i64 few =
      detail::at_least(1, detail::at_most(256, 2048 / detail::at_least(1, reduced_dim)) / Steps) *
      Steps;
  // Where this many tiles read the same rows, they are converted once for all: each time costs some
  // 3 % of a tile. A thread holds at most so many numbers; more are faster read as they are.
  static constexpr i64 many_tiles = 4, most_numbers = 1 << 20;

  const void* at_[Positions];
  i64 begin_, end_;  // the rows that are here
  T* numbers_;       // of `capacity_` rows of each variable
  i64 capacity_;
  T few_rows_[detail::at_least(1, few* reduced_dim)];
  T parameters_[detail::at_least(1, parameter_dim)];

 public:
  // For the inputs of a task: the parameters, and no row.
  KEOPSNB_NOINLINE void start(const CpuTask& task, i64 tiles) {
    const void* const* in = task.in;
    begin_ = end_ = 0;
    numbers_ = few_rows_;
    capacity_ = few;
    const i64 rows = task.intervals ? 0 : task.red_end - task.red_begin;
    if (tiles >= many_tiles && rows > few && rows * reduced_dim <= most_numbers)
      if (void* all =
              __builtin_malloc(static_cast<decltype(sizeof(0))>(rows * reduced_dim) * sizeof(T))) {
        numbers_ = static_cast<T*>(all);
        capacity_ = rows;
      }
    for (int k = 0; k < Positions; ++k) at_[k] = in[k];
    for_each([&]<class V>(V)
                 KEOPSNB_LAMBDA { copy<V>(in, 0, 1, parameters_ + offset_of<V>(Parameters{})); },
             Parameters{});
  }
  KEOPSNB_FN void finish() {
    if (numbers_ != few_rows_) __builtin_free(numbers_);
  }
  // Has row `from`, and says which is the first row behind it, at most `to`, that is not here. Rows
  // end at `last`.
  KEOPSNB_FN i64 bring(const void* const* in, i64 from, i64 to, i64 last) {
    if (from < begin_ || from >= end_) fill(in, from, last);
    return detail::at_most(to, end_);
  }
  KEOPSNB_FN const void* const* inputs(const void* const*) const { return at_; }
  // The place of row j of the reduced variables among these inputs.
  KEOPSNB_FN i64 row(i64 j) const { return j - begin_; }

 private:
  KEOPSNB_NOINLINE void fill(const void* const* in, i64 from, i64 last) {
    begin_ = from;
    end_ = detail::at_most(last, from + capacity_);
    for_each(
        [&]<class V>(V) KEOPSNB_LAMBDA {
          copy<V>(in, from, end_ - from, numbers_ + offset_of<V>(Reduced{}) * capacity_);
        },
        Reduced{});
  }
  // Integers are read where they are.
  template <class V>
  KEOPSNB_FN void copy(const void* const* in, i64 row, i64 count, T* to) {
    if constexpr (IntegerVariable<V>) {
      at_[V::position] = static_cast<const integer_of<T>*>(in[V::position]) + row * V::dim;
    } else {
      widen(static_cast<const S*>(in[V::position]) + row * V::dim, to, count * V::dim);
      at_[V::position] = to;
    }
  }
};

template <class S, class Reduced, class Parameters, int Positions, int Steps>
struct RowsOf {
  using type = RowsInMemory;
};
template <NarrowStorage S, class Reduced, class Parameters, int Positions, int Steps>
struct RowsOf<S, Reduced, Parameters, Positions, Steps> {
  using type = ConvertedRows<S, Reduced, Parameters, Positions, Steps>;
};

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
