// The catalogue of reductions: what is said of each besides its mathematics. The module, the
// documentation and the tests read it, and no kernel is compiled from it.
#pragma once
#include <span>

#include <keopsnb/config.hpp>

namespace keopsnb {

// The results of a reduction: numbers; indices of the reduced side; both; or numbers, of integers
// or truth values, which the front ends convert.
enum class Gives { values, indices, both, counts, flags };
enum class Weight { none, optional, required };

struct ReductionRow {
  const char* name;       // reduction_op = "Sum"
  const char* call;       // in C++: a function of the formula and the weight, if there is one
  const char* sentence;   // what it computes, for documentation
  const char* reference;  // NumPy expression in f (M, N, D), weights g (M, N, E) and n (opt_arg)
  Gives gives = Gives::values;
  Weight weight = Weight::none;
  bool sums = false;        // its terms are summed: how accurately is a choice
  bool ranked = false;      // n results for each component
  const char* option = "";  // what opt_arg = n is: "" where there is none
  i64 fallback = -1;        // n where it is not given; -1: it must be
  i64 most = 0;             // the greatest n
  const char* method = "";  // of symbolic matrices: "Kmin"; "" where there is none
  const char* torch = "";   // PyTorch's function of the same axes: "amin"
};

std::span<const ReductionRow> reduction_catalogue();

}  // namespace keopsnb
