#include "bind/dlpack.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

namespace nb = nanobind;

namespace keopsnb {

struct TensorExchange::Table {
  std::uint32_t major, minor;
  const Table* older;
  void *allocate, *own, *give_back;
  int (*describe)(void* object, nb::dlpack::dltensor* to);
  void* current_stream;
};

std::optional<Dtype> dtype_of(nb::dlpack::dtype found) {
  return find_dtype([&](const DtypeFacts& f) {
    return found.code == f.dlpack && found.bits == 8 * f.bytes && found.lanes == 1;
  });
}

namespace {

bool is_contiguous(const nb::dlpack::dltensor& a) {
  if (std::find(a.shape, a.shape + a.ndim, 0) != a.shape + a.ndim || !a.strides) return true;
  i64 stride = 1;
  for (int k = a.ndim - 1; k >= 0; --k) {
    if (a.shape[k] != 1 && a.strides[k] != stride) return false;
    stride *= a.shape[k];
  }
  return true;
}

}  // namespace

TensorExchange::TensorExchange(nb::handle type) {
  const nb::object capsule = nb::getattr(type, "__dlpack_c_exchange_api__", nb::none());
  if (capsule.is_none()) return;
  table_ = static_cast<const Table*>(PyCapsule_GetPointer(capsule.ptr(), "dlpack_exchange_api"));
  if (!table_) PyErr_Clear();
  while (table_ && table_->major != 1) table_ = table_->older;
  if (table_ && !table_->describe) table_ = nullptr;
}

bool TensorExchange::describe(nb::handle tensor, ArrayView& view, bool& contiguous) const {
  if (!table_) return false;
  nb::dlpack::dltensor found;
  if (table_->describe(tensor.ptr(), &found) != 0) {
    PyErr_Clear();
    return false;
  }
  const auto dtype = dtype_of(found.dtype);
  const bool host = found.device.device_type == nb::device::cpu::value;
  const bool cuda = found.device.device_type == nb::device::cuda::value;
  if (!dtype || !(host || cuda) || found.ndim > ArrayView::max_ndim) return false;
  view.dtype = *dtype;
  view.device = host ? host_device : found.device.device_id;
  view.ndim = found.ndim;
  std::copy(found.shape, found.shape + found.ndim, view.shape.begin());
  contiguous = is_contiguous(found);
  view.data = found.data ? static_cast<const char*>(found.data) + found.byte_offset : nullptr;
  return true;
}

std::unique_ptr<char[]> TensorExchange::copied(nb::handle tensor) const {
  constexpr i64 most = 4096;  // bytes; more are copied in parallel by the library
  ArrayView view;
  bool contiguous = false;
  nb::dlpack::dltensor found;
  if (!describe(tensor, view, contiguous) || view.device != host_device || view.bytes() > most ||
      !view.data || table_->describe(tensor.ptr(), &found) != 0)
    return nullptr;
  const auto size = static_cast<std::size_t>(facts(view.dtype).bytes);
  auto numbers = std::make_unique<char[]>(static_cast<std::size_t>(view.bytes()));
  const i64 count = view.bytes() / facts(view.dtype).bytes;
  for (i64 k = 0; k < count; ++k) {
    i64 at = 0, rest = k;
    for (int d = found.ndim - 1; d >= 0; rest /= found.shape[d--])
      at += rest % found.shape[d] * (found.strides ? found.strides[d] : 0);
    std::memcpy(numbers.get() + static_cast<std::size_t>(k) * size,
                static_cast<const char*>(view.data) + at * facts(view.dtype).bytes, size);
  }
  return numbers;
}

}  // namespace keopsnb
