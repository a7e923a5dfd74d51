// The fit of arguments' shapes to a formula and each other: the one place that says it, for sizes
// that are numbers and for those that are symbols of a graph.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "launch/routine.hpp"

namespace keopsnb {

template <class Size>
struct ShapeView {
  const Size* sizes = nullptr;
  int ndim = 0;
  const Size& operator[](int d) const { return sizes[d]; }
};

// The sizes of i and j, and the batch dimensions of the result.
template <class Size>
struct Fitted {
  Size rows, columns;
  std::vector<Size> batch;
};

// Sizes that are numbers. A rule says what a 1 is, whether sizes are equal, and what errors show.
// Symbols are no 1: graphs are traced anew where one is.
struct NumberRule {
  using Size = i64;
  static Size of(i64 n) { return n; }
  static bool is_one(Size n) { return n == 1; }
  static bool equal(Size a, Size b) { return a == b; }
  static std::string text(Size n) { return std::to_string(n); }
};

namespace detail {

// Dimensions of an argument that are not batches: (rows, D), or (D) of a parameter.
inline int own_dims(parse::Category category) {
  return category == parse::Category::parameter ? 1 : 2;
}

template <class Rule>
std::string tuple_text(const typename Rule::Size* sizes, int ndim) {
  std::string text = "(";
  for (int k = 0; k < ndim; ++k) text += (k ? ", " : "") + Rule::text(sizes[k]);
  return text + (ndim == 1 ? ",)" : ")");
}

// The batch dimensions `batch`, broadcast with those of argument `a`, its first `count`; false if
// they do not fit.
template <class Rule>
bool broadcast(std::vector<typename Rule::Size>& batch, ShapeView<typename Rule::Size> a,
               std::size_t count) {
  if (count > batch.size()) batch.insert(batch.begin(), a.sizes, a.sizes + (count - batch.size()));
  for (std::size_t d = 0; d < count; ++d) {
    auto& size = batch[batch.size() - count + d];
    const auto& other = a.sizes[d];
    if (Rule::is_one(other)) continue;
    if (Rule::is_one(size))
      size = other;
    else if (!Rule::equal(size, other))
      return false;
  }
  return true;
}

template <class Rule>
void check_shape(const Routine& routine, ShapeView<typename Rule::Size> a, std::size_t k) {
  const parse::Variable& v = routine.program().variables[k];
  const int ndim = own_dims(v.category);
  if (ndim == 1 && a.ndim == 0 && v.dim == 1) return;
  if (a.ndim >= ndim && Rule::equal(a[a.ndim - 1], Rule::of(v.dim))) return;
  constexpr std::string_view letter[] = {"M", "N", ""};
  constexpr std::string_view name[] = {"an i-variable", "a j-variable", "a parameter"};
  const int category = static_cast<int>(routine.category_of(k));
  const std::string wanted =
      ndim == 1 ? "(" + std::to_string(v.dim) + ",)"
                : "(" + std::string(letter[category]) + ", " + std::to_string(v.dim) + ")";
  throw std::invalid_argument(
      routine.argument_name(k) + " has shape " + tuple_text<Rule>(a.sizes, a.ndim) +
      ", and should have shape " + wanted +
      (a.ndim > ndim ? ", after batch dimensions: it is " : ": it is ") +
      std::string(name[category]) + " of dimension " + std::to_string(v.dim) + ".");
}

}  // namespace detail

// Checks all arguments; at(k) is the shape of argument k. Throws std::invalid_argument.
template <class Rule, class At>
Fitted<typename Rule::Size> fit(const Routine& routine, At at) {
  using Size = typename Rule::Size;
  Fitted<Size> fitted{Rule::of(1), Rule::of(1), {}};
  std::optional<std::size_t> first[2];  // the argument that fixed the size of i, and of j
  Size* const size[2] = {&fitted.rows, &fitted.columns};
  for (std::size_t k = 0; k < routine.arguments(); ++k) {
    const ShapeView<Size> a = at(k);
    detail::check_shape<Rule>(routine, a, k);
    const int own = detail::own_dims(routine.program().variables[k].category);
    const int batches = a.ndim > own ? a.ndim - own : 0;
    if (!detail::broadcast<Rule>(fitted.batch, a, static_cast<std::size_t>(batches)))
      throw std::invalid_argument(
          routine.argument_name(k) + " has the batch dimensions " +
          detail::tuple_text<Rule>(a.sizes, batches) + ", and the " + ArgumentNames::plural() +
          " before it " +
          detail::tuple_text<Rule>(fitted.batch.data(), static_cast<int>(fitted.batch.size())) +
          "; they must be equal or 1, from the last one on.");
    if (own == 1) continue;
    const auto category = static_cast<std::size_t>(routine.category_of(k));
    const Size& rows = a[a.ndim - 2];
    auto& fixed = first[category];
    if (!fixed) {
      fixed = k;
      *size[category] = rows;
    } else if (!Rule::equal(rows, *size[category])) {
      throw std::invalid_argument(
          routine.argument_name(k) + " has " + Rule::text(rows) + " rows, and " +
          routine.argument_name(*fixed) + " has " + Rule::text(*size[category]) + "; all " +
          (category == 0 ? "i" : "j") + "-variables must have the same number of rows.");
    }
  }
  return fitted;
}

}  // namespace keopsnb
