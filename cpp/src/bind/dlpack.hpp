// Tensors described by DLPack's table of C functions, without a call of Python.
// The table: https://dmlc.github.io/dlpack/latest/c_api.html, DLPackExchangeAPI.
#pragma once
#include <nanobind/ndarray.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "launch/array.hpp"

namespace keopsnb {

// A type as DLPack says it; nullopt for what the kernels do not compute with.
std::optional<Dtype> dtype_of(nanobind::dlpack::dtype found);

class TensorExchange {
 public:
  // The table of a type; without one, as in older versions of its library, nothing is described.
  explicit TensorExchange(nanobind::handle type);

  // The memory, shape and dtype of a tensor of that very type; false where these cannot be told
  // so: the caller asks the tensor itself. `contiguous` is false where it has to be copied first.
  bool describe(nanobind::handle tensor, ArrayView& view, bool& contiguous) const;

  // The numbers of a small tensor in host memory, as of a value that is spread over rows, one after
  // the other; null where its library has to copy them.
  std::unique_ptr<char[]> copied(nanobind::handle tensor) const;

 private:
  struct Table;
  const Table* table_ = nullptr;
};

}  // namespace keopsnb
