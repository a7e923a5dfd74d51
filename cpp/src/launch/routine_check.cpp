// Checks of the arguments of a call: types, shapes, sizes.
#include <algorithm>
#include <optional>
#include <utility>

#include "launch/fit.hpp"

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
                              std::string(facts(types.dtype).name) + "; all " +
                              ArgumentNames::plural() + " must have one dtype.");
    }
  }
  // Of integers alone: numbers as wide as they are.
  if (!first && wide) types.dtype = Dtype::float64;
  return types;
}

namespace {

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
    throw std::invalid_argument(
        "The arguments broadcast to the batch dimensions " +
        detail::tuple_text<NumberRule>(shape.batch.data(), static_cast<int>(shape.batch.size())) +
        " of " + std::to_string(shape.outputs) +
        " rows, more than any memory holds; compute them in parts.");
  return batches;
}

}  // namespace

Routine::Shape Routine::check(std::span<const ArrayView> arguments, const Types& types,
                              Ranges* ranges) const {
  Shape shape;
  shape.types = types;
  Fitted<i64> fitted = fit<NumberRule>(*this, [&](std::size_t k) {
    return ShapeView<i64>{arguments[k].shape.data(), arguments[k].ndim};
  });
  shape.rows = fitted.rows;
  shape.columns = fitted.columns;
  shape.batch = std::move(fitted.batch);
  const bool by_j = spec_.axis == Axis::i;
  shape.lanes = by_j ? shape.columns : shape.rows;
  shape.reduced = by_j ? shape.rows : shape.columns;
  // Where rows belong together, no pair is left out.
  if (ranges && !spec_.rowwise)
    shape.ranges = ranges->of(spec_.axis).checked(shape.lanes, shape.reduced);
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
    const int own = detail::own_dims(program_.variables[k].category);
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
  const std::string rows = spec_.axis == Axis::i ? "i" : "j";
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
