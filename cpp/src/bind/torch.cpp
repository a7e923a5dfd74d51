// PyTorch's tensors.
#include <algorithm>

#include "bind/arrays.hpp"
#include "bind/tensors.hpp"

namespace keopsnb {
namespace {

// The numbers of a tensor, one after the other.
nb::object copied(nb::handle tensor, nb::handle dtype) {
  const TorchNames& n = names();
  nb::object copy = method(tensor, n.detach);
  if (method(copy, n.is_neg).ptr() == Py_True) copy = copy.attr("resolve_neg")();
  copy = method(copy, n.contiguous);
  return copy.attr("dtype").is(dtype) ? copy : copy.attr("to")(dtype);
}

// The same of few numbers in host memory, with no call of torch's; else null.
std::unique_ptr<char[]> few_numbers(nb::handle tensor) {
  if (!is_plain(tensor) || method(tensor, names().is_neg).ptr() == Py_True) return nullptr;
  return names().exchange.copied(tensor);
}

class Torch final : public ArrayLibrary {
 public:
  void add(Arguments& arguments, nb::handle tensor) const override {
    ArrayView view;
    const auto name = [&] { return arguments.name(); };
    if (see_torch(tensor, name, view, true)) {
      arguments.views.push_back(view);
      return;
    }
    if (!has_no_memory(view)) {
      if (std::unique_ptr<char[]> few = few_numbers(tensor)) {
        view.data = few.get();
        arguments.copies.push_back(std::move(few));
        arguments.views.push_back(view);
        return;
      }
      if (arguments.wants_integers() && tensor.attr("dtype").is(names().taken[0].first))
        refuse_truth_values(name());
      arguments.kept.push_back(
          copied(tensor, names().dtypes[static_cast<std::size_t>(view.dtype)]));
    } else if (nb::cast<bool>(tensor.attr("_is_zerotensor")()))  // as derivatives that are 0 may be
      arguments.kept.push_back(torch().attr("zeros_like")(tensor));
    else
      throw ArgumentTypeError(name() +
                              " has no memory: its storage was freed; give it back first.");
    const nb::object copy = arguments.kept.back();
    add(arguments, copy);
  }

  // Parameters of one number may be in host memory beside tensors of a GPU, as torch has it: their
  // numbers are given to the GPU, which nothing waits for.
  void bring_together(Arguments& arguments, nb::tuple inputs) const override {
    std::vector<ArrayView>& views = arguments.views;
    const auto on_gpu = [](const ArrayView& view) { return view.device != host_device; };
    const auto other = std::find_if(views.begin(), views.end(), on_gpu);
    if (other == views.end()) return;
    const TorchNames& n = names();
    for (std::size_t k = 0; k < views.size(); ++k) {
      ArrayView& view = views[k];
      if (on_gpu(view) || view.ndim > 1 || !arguments.routine.is_number(k)) continue;
      if (view.bytes() != facts(view.dtype).bytes) continue;
      arguments.kept.push_back(
          n.full(inputs[k].attr("shape"), inputs[k].attr("item")(),
                 nb::arg("dtype") = n.dtypes[static_cast<std::size_t>(view.dtype)],
                 nb::arg("device") = n.device_type("cuda", other->device)));
      view.data = address(method(arguments.kept.back(), n.data_ptr));
      view.device = other->device;
    }
  }

  // Whether all fit is seen there, later.
  void convert_integers(Arguments& arguments, std::size_t k, Dtype integers,
                        nb::handle input) const override {
    ArrayView& view = arguments.views[k];
    if (view.device == host_device) return arguments.convert_integers(k, integers);
    const nb::object copy = input.attr("to")(names().dtypes[static_cast<std::size_t>(integers)]);
    // As torch checks indices: an answer would have to be waited for.
    if (integers == Dtype::int32)
      torch().attr("_assert_async")(copy.attr("eq")(input).attr("all")(),
                                    arguments.routine.argument_name(k) +
                                        " holds integers of more than 32 bits beside numbers of 32 "
                                        "bits or fewer; write these "
                                        "as float64.");
    arguments.kept.push_back(copy.attr("contiguous")());
    view.data = address(method(arguments.kept.back(), names().data_ptr));
  }

  Output make(const std::vector<i64>& shape, Dtype dtype, int device) const override {
    const TorchNames& n = names();
    const nb::object place = device == host_device ? n.host : n.device_type("cuda", device);
    nb::object tensor =
        n.empty(shape_object(shape), nb::arg("dtype") = n.dtypes[static_cast<std::size_t>(dtype)],
                nb::arg("device") = place);
    void* data = address(method(tensor, n.data_ptr));
    return {std::move(tensor), data};
  }

  Output memory(i64 bytes, int device) const override {
    static const auto* type = new nb::object(torch().attr("uint8"));
    const TorchNames& n = names();
    nb::object tensor =
        n.empty(bytes, nb::arg("dtype") = *type, nb::arg("device") = n.device_type("cuda", device));
    void* data = address(method(tensor, n.data_ptr));
    return {std::move(tensor), data};
  }

  void* stream(int device) const override {
    static const auto* current =
        new nb::object(torch().attr("_C").attr("_cuda_getCurrentRawStream"));
    return address((*current)(device));
  }

  ArrayView writable(nb::handle out, Held&) const override {
    ArrayView view;
    if (!see_torch(out, out_name, view, false))
      throw std::invalid_argument(
          "out is not contiguous, or not plain memory; write torch.empty(...) to make one.");
    return view;
  }

  nb::object truth(const nb::object& array) const override { return array.attr("bool")(); }
  std::string_view to_device() const override { return ".cuda()"; }
};

}  // namespace

const ArrayLibrary& torch_tensors() {
  static const Torch library;
  return library;
}

}  // namespace keopsnb
