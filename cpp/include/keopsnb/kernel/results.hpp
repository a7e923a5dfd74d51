// Results of the CPU kernel in memory.
#pragma once
#include <keopsnb/reductions.hpp>
#include <keopsnb/storage.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

// The result of output `row`, from its state: ranks of components, then what the law keeps.
template <Storage S, class Reduction, class State>
KEOPSNB_FN void write_result(State state, i64 row, void* out, i64* indices) {
  constexpr i64 dim = Reduction::dim, columns = Reduction::ranks * dim + Reduction::kept_dim;
  for (i64 k = 0; k < Reduction::ranks; ++k)
    for (i64 c = 0; c < dim; ++c) {
      const i64 at = row * columns + k * dim + c;
      if constexpr (Reduction::values)
        static_cast<S*>(out)[at] = to_storage<S>(Reduction::finish(state, c, k));
      if constexpr (Reduction::indices) indices[at] = Reduction::index(state, c, k);
    }
  if constexpr (Reduction::kept_dim > 0)
    for_kept<Reduction>([&]<i64 N>(Int<N>, i64 column, i64 size) {
      for (i64 c = 0; c < size; ++c)
        static_cast<S*>(out)[row * columns + column + c] =
            to_storage<S>(Reduction::template keep<dim, static_cast<int>(N)>(state, c));
    });
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
