// Torch tensors, asked for where they are and what they hold.
#pragma once
#include <nanobind/nanobind.h>

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bind/arrays.hpp"
#include "bind/dlpack.hpp"

namespace keopsnb {

// Modules are imported once, by their first user; they are never unloaded.
const nb::module_& torch();

// Names and constants that each call asks torch's Python objects for, made once.
struct TorchNames {
  nb::object tensor = torch().attr("Tensor");
  nb::object parameter = torch().attr("nn").attr("Parameter");
  TensorExchange exchange{tensor};
  // In the order of Dtype; none where this torch lacks a type.
  std::array<nb::object, dtype_count> dtypes = [] {
    std::array<nb::object, dtype_count> all;
    for (std::size_t k = 0; k < dtype_count; ++k)
      all[k] = nb::getattr(torch(), dtype_facts[k].name.data(), nb::none());
    return all;
  }();
  // Those that are taken as others, and what these are.
  std::vector<std::pair<nb::object, Dtype>> taken = [] {
    std::vector<std::pair<nb::object, Dtype>> all;
    for (const TakenDtype& row : taken_dtypes)
      if (row.name != "uint64")  // torch does not compare these, to find what int64 lacks
        all.emplace_back(torch().attr(row.name.data()), row.as);
    return all;
  }();
  nb::object strided = torch().attr("strided");
  nb::object empty = torch().attr("empty");
  nb::object full = torch().attr("full");
  nb::object device_type = torch().attr("device");
  nb::object host = device_type("cpu");
  nb::str data_ptr{"data_ptr"}, shape{"shape"}, dtype{"dtype"}, layout{"layout"}, is_cpu{"is_cpu"},
      is_cuda{"is_cuda"}, get_device{"get_device"}, is_contiguous{"is_contiguous"},
      is_neg{"is_neg"}, detach{"detach"}, contiguous{"contiguous"}, is_meta{"is_meta"},
      requires_grad{"requires_grad"};
};
const TorchNames& names();

nb::object method(nb::handle self, const nb::str& name);
void* address(nb::handle integer);

// Whether it is a tensor itself, or a parameter, and of no class that derives from these.
bool is_plain(nb::handle tensor);

// Whether autograd is to follow a call with these tensors; nullopt where one is more than its
// numbers in memory, or where a mode, a transform or a tracer is at work.
std::optional<bool> wants_graph(nb::handle tensors);

// A gradient as its argument is: summed over the batches that share that, and where that is.
nb::object fitted(nb::object gradient, nb::handle argument, bool parameter);
// Columns, taken apart.
std::vector<nb::object> side_by_side(const nb::object& columns, const std::vector<i64>& dims);

bool has_no_memory(const ArrayView& view);

// A tensor that a kernel can read where it is, seen. False where it has to be copied first: as
// numbers of the view's dtype, if `takes` says that others are taken as these.
bool see_torch(nb::handle tensor, ArrayName name, ArrayView& view, bool takes);

}  // namespace keopsnb
