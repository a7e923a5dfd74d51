// Tools to write tables of rows.
#pragma once
#include <utility>

#include <catalogue/operations.hpp>

namespace keopsnb {

std::span<const OperationRow> elementwise_rows();
std::span<const OperationRow> structural_rows();
std::span<const OperationRow> complex_rows();

// The `dim` from a function of the headers: of dimensions of operands, then of integers.
template <auto F>
struct Rule;
template <class... I, i64 (*F)(I...)>
struct Rule<F> {
  static i64 dim(const i64* dims, int n, const i64* ints) {
    return [&]<int... K>(std::integer_sequence<int, K...>) {
      return F((K < n ? dims[K] : ints[K - n])...);
    }(std::make_integer_sequence<int, sizeof...(I)>{});
  }
};
template <auto F>
inline constexpr auto rule = &Rule<F>::dim;

}  // namespace keopsnb

// The name of a function of the headers; any other is an error here.
#define KEOPSNB_CALL(function) \
  [] {                         \
    using keopsnb::function;   \
    return #function;          \
  }()
