// Checks of the arguments of a call: types, shapes, sizes.
#include <algorithm>
#include <optional>

#include "launch/routine.hpp"

namespace keopsnb {

Routine::Types Routine::types(std::span<const ArrayView> arguments) const {
  if (arguments.size() > most_inputs)
    throw ArgumentTypeError("A formula takes at most " + std::to_string(most_inputs) +
                            " arguments, and this one takes " + std::to_string(arguments.size()) +
                            "; put numbers into one vector, a parameter.");
  Types types;
  std::optional<std::size_t> first;  // of the arguments that are numbers
  bool wide = false;
  for (std::size_t k = 0; k < arguments.size(); ++k) {
    const Dtype dtype = arguments[k].dtype;
    if (is_integer(dtype)) {
      types.integers.set(k);
      wide |= dtype == Dtype::int64;
      continue;
    }
    if (wants_integers(k))
      throw ArgumentTypeError(argument_name(k) + " is " + std::string(facts(dtype).name) +
                              ", and the formula reads it as an index: its dtype must be int32 or "
                              "int64.");
    if (!first) {
      first = k;
      types.dtype = dtype;
    } else if (dtype != types.dtype) {
      throw ArgumentTypeError(argument_name(k) + " is " + std::string(facts(dtype).name) +
                              ", and " + argument_name(*first) + " is " +
                              std::string(facts(types.dtype).name) +
                              "; all arguments must have one dtype.");
    }
  }
  // Of integers alone: numbers as wide as they are.
  if (!first && wide) types.dtype = Dtype::float64;
  return types;
}

namespace {

constexpr std::string_view category_letter[] = {"M", "N", ""};
constexpr std::string_view category_name[] = {"an i-variable", "a j-variable", "a parameter"};

// Dimensions of an argument that are not batches: (rows, D), or (D) of a parameter.
int own_dims(parse::Category category) { return category == parse::Category::parameter ? 1 : 2; }

// The batch dimensions `shape`, broadcast with those of argument `a`, its first `ndim`; false if
// they do not fit.
bool broadcast_batches(std::vector<i64>& shape, const ArrayView& a, int ndim) {
  const auto count = static_cast<std::size_t>(ndim);
  if (count > shape.size()) shape.insert(shape.begin(), count - shape.size(), 1);
  for (std::size_t d = 0; d < count; ++d) {
    i64& size = shape[shape.size() - count + d];
    if (a.shape[d] == 1 || a.shape[d] == size) continue;
    if (size != 1) return false;
    size = a.shape[d];
  }
  return true;
}

std::string tuple_text(const std::vector<i64>& shape) {
  ArrayView view;
  view.ndim = static_cast<int>(shape.size());
  std::ranges::copy(shape, view.shape.begin());
  return shape_text(view);
}

// The number of batches. Throws std::invalid_argument where that of the results has no 64 bits.
i64 count_batches(const Routine::Shape& shape, i64 out_dim) {
  if (std::ranges::find(shape.batch, 0) != shape.batch.end()) return 0;
  i64 batches = 1, bytes = 8;
  bool beyond = __builtin_mul_overflow(bytes, out_dim, &bytes) ||
                __builtin_mul_overflow(bytes, std::max<i64>(1, shape.outputs), &bytes);
  for (const i64 n : shape.batch) {
    beyond |= __builtin_mul_overflow(bytes, n, &bytes);
    if (!beyond) batches *= n;
  }
  if (beyond)
    throw std::invalid_argument("The arguments broadcast to the batch dimensions " +
                                tuple_text(shape.batch) + " of " + std::to_string(shape.outputs) +
                                " rows, more than any memory holds; compute them in parts.");
  return batches;
}

}  // namespace

void Routine::check_shape(const ArrayView& a, std::size_t k) const {
  const parse::Variable& v = program_.variables[k];
  const int ndim = own_dims(v.category);
  if (ndim == 1 && a.ndim == 0 && v.dim == 1) return;
  if (a.ndim >= ndim && a.shape[static_cast<std::size_t>(a.ndim - 1)] == v.dim) return;
  const int category = static_cast<int>(category_of(k));
  const std::string wanted =
      ndim == 1 ? "(" + std::to_string(v.dim) + ",)"
                : "(" + std::string(category_letter[category]) + ", " + std::to_string(v.dim) + ")";
  throw std::invalid_argument(
      argument_name(k) + " has shape " + shape_text(a) + ", and should have shape " + wanted +
      (a.ndim > ndim ? ", after batch dimensions: it is " : ": it is ") +
      std::string(category_name[category]) + " of dimension " + std::to_string(v.dim) + ".");
}

Routine::Shape Routine::check(std::span<const ArrayView> arguments, const Types& types,
                              const CpuRanges& ranges) const {
  Shape shape;
  shape.ranges = ranges;
  shape.types = types;
  std::optional<std::size_t> first[2];  // the argument that fixed the size of i, and of j
  i64* const size[2] = {&shape.rows, &shape.columns};
  for (std::size_t k = 0; k < arguments.size(); ++k) {
    const ArrayView& a = arguments[k];
    check_shape(a, k);
    const int batches = std::max(0, a.ndim - own_dims(program_.variables[k].category));
    if (!broadcast_batches(shape.batch, a, batches))
      throw std::invalid_argument(argument_name(k) + " has the batch dimensions " +
                                  tuple_text({a.shape.begin(), a.shape.begin() + batches}) +
                                  ", and the arguments before it " + tuple_text(shape.batch) +
                                  "; they must be equal or 1, from the last one on.");
    if (own_dims(program_.variables[k].category) == 1) continue;
    const int category = static_cast<int>(category_of(k));
    const i64 rows = a.shape[static_cast<std::size_t>(a.ndim - 2)];
    auto& fixed = first[category];
    if (!fixed) {
      fixed = k;
      *size[category] = rows;
    } else if (rows != *size[category]) {
      throw std::invalid_argument(
          argument_name(k) + " has " + std::to_string(rows) + " rows, and " +
          argument_name(*fixed) + " has " + std::to_string(*size[category]) + "; all " +
          (category == 0 ? "i" : "j") + "-variables must have the same number of rows.");
    }
  }
  const bool by_j = spec_.axis == Axis::j;
  shape.lanes = by_j ? shape.columns : shape.rows;
  shape.reduced = by_j ? shape.rows : shape.columns;
  shape.outputs = spec_.axis == Axis::both ? 1 : shape.lanes;
  shape.batches = count_batches(shape, out_dim());
  lay_out(shape, arguments);
  check_reduced(shape);
  return shape;
}

// Batch dimensions that every argument steps through like one become one.
void Routine::lay_out(Shape& shape, std::span<const ArrayView> arguments) const {
  const std::size_t dims = shape.batch.size(), count = arguments.size();
  if (dims == 0) return;
  std::vector<i64> strides(count * dims, 0);
  for (std::size_t k = 0; k < count; ++k) {
    const ArrayView& a = arguments[k];
    const int own = own_dims(program_.variables[k].category);
    i64 stride = facts(a.dtype).bytes;
    for (int d = a.ndim - 1; d >= 0; --d) {
      const i64 n = a.shape[static_cast<std::size_t>(d)];
      const int batch = d + static_cast<int>(dims) - (a.ndim - own);
      if (d < a.ndim - own && n != 1) strides[k * dims + static_cast<std::size_t>(batch)] = stride;
      stride *= n;
    }
  }
  std::vector<std::size_t> kept;  // the last of the dimensions that are one
  for (std::size_t d = 0; d < dims; ++d) {
    if (shape.batch[d] == 1) continue;
    bool joins = !kept.empty();
    for (std::size_t k = 0; joins && k < count; ++k)
      joins = strides[k * dims + kept.back()] == strides[k * dims + d] * shape.batch[d];
    if (joins) {
      kept.back() = d;
      shape.batch_shape.back() *= shape.batch[d];
    } else {
      kept.push_back(d);
      shape.batch_shape.push_back(shape.batch[d]);
    }
  }
  for (std::size_t k = 0; k < count; ++k)
    for (const std::size_t d : kept) shape.batch_strides.push_back(strides[k * dims + d]);
}

void Routine::check_reduced(const Shape& shape) const {
  const std::string rows = spec_.axis == Axis::j ? "i" : "j";
  const std::string op = "reduction_op='" + spec_.reduction + "'";
  const bool dense = shape.ranges.clusters < 0;
  if (dense && row_->ranked && option() > shape.reduced)
    throw std::invalid_argument("opt_arg is " + std::to_string(option()) + ", and " + op +
                                " finds that many of the indices " + rows +
                                ", of which there are " + std::to_string(shape.reduced) + ".");
  const bool picks = row_->gives == Gives::indices || row_->gives == Gives::both;
  if (dense && picks && shape.reduced == 0)
    throw std::invalid_argument(op + " finds an index " + rows + ", and there is none: the " +
                                rows + "-variables have 0 rows.");
  constexpr i64 most = 2147483647;
  if (picks && shape.reduced > most && computed_as(shape.types.dtype) == Dtype::float32)
    throw std::invalid_argument(op + " counts indices in 32 bits beside " +
                                std::string(facts(shape.types.dtype).name) + ", and there are " +
                                std::to_string(shape.reduced) +
                                "; write the arguments as float64, or reduce in parts.");
}

}  // namespace keopsnb
