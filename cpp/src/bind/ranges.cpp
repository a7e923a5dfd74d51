// The class keopsnb._core.Ranges.
#include <nanobind/ndarray.h>

#include "bind/bind.hpp"
#include "bind/ranges.hpp"

namespace keopsnb {
namespace {

using Integers = nb::ndarray<const i64, nb::c_contig, nb::device::cpu>;

std::vector<i64> vector_of(const Integers& array) {
  return {array.data(), array.data() + array.size()};
}

Clusters clusters_of(std::array<const char*, 3> names, const Integers& outputs,
                     const Integers& slices, const Integers& reduced) {
  if (slices.size() * 2 != outputs.size())
    throw std::invalid_argument(std::string(names[1]) + " has " + std::to_string(slices.size()) +
                                " entries, and " + names[0] + " has " +
                                std::to_string(outputs.size() / 2) +
                                " rows; write one for each cluster.");
  Clusters found;
  found.names = names;
  found.outputs = vector_of(outputs);
  found.slices = vector_of(slices);
  found.reduced = vector_of(reduced);
  return found;
}

}  // namespace

void bind_ranges(nb::module_& m) {
  nb::class_<BoundRanges>(m, "Ranges", "Which pairs a block-sparse reduction takes.")
      .def(
          "__init__",
          [](BoundRanges* self, nb::tuple arrays) {
            const auto array = [&](std::size_t k) { return nb::cast<Integers>(arrays[k]); };
            new (self) BoundRanges{
                {clusters_of({"ranges_i", "slices_i", "redranges_j"}, array(0), array(1), array(2)),
                 clusters_of({"ranges_j", "slices_j", "redranges_i"}, array(3), array(4),
                             array(5))},
                arrays};
          },
          nb::arg("arrays"), nb::sig("def __init__(self, arrays: tuple[typing.Any, ...]) -> None"),
          "Of six arrays of int64: ranges_i, slices_i, redranges_j, ranges_j, slices_j, "
          "redranges_i.\nThat they fit each other and the sizes of a call, the call checks.")
      .def_ro("arrays", &BoundRanges::arrays,
              nb::for_getter(nb::sig("def arrays(self) -> tuple[typing.Any, ...]")),
              "The six arrays.");
}

}  // namespace keopsnb
