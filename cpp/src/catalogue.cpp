#include "catalogue.hpp"

#include <vector>

#include <keopsnb/ops/bspline.hpp>
#include <keopsnb/ops/complex_rows.hpp>
#include <keopsnb/ops/concat.hpp>
#include <keopsnb/ops/distance.hpp>
#include <keopsnb/ops/extract.hpp>
#include <keopsnb/ops/extremum.hpp>
#include <keopsnb/ops/softdtw.hpp>
#include <keopsnb/ops/sum.hpp>
#include <keopsnb/ops/take.hpp>
#include <keopsnb/ops/tensor.hpp>
#include <keopsnb/ops/weighted.hpp>

namespace keopsnb {
namespace {

constexpr Row elementwise[] = {
#define KEOPSNB_ROW(name, call, signature, operands, ints, partials, domain, reference, sentence) \
  {#name, #call, signature, operands, ints, broadcast_dim, domain, reference, sentence, partials},
#define KEOPSNB_UNARY(N, call, value, da, domain, reference, sentence) \
  KEOPSNB_ROW(N, call, "(D) -> D", 1, 0, #da, domain, reference, sentence)
#define KEOPSNB_UNARY_INT1(N, call, n, value, da, domain, reference, sentence, lo, hi) \
  {#N, #call, "(D), " #n " -> D", 1, 1, broadcast_dim, domain, reference, sentence, #da, lo, hi},
#define KEOPSNB_UNARY_INT2(N, call, n, m, value, da, domain, reference, sentence) \
  KEOPSNB_ROW(N, call, "(D), " #n ", " #m " -> D", 1, 2, #da, domain, reference, sentence)
#define KEOPSNB_BINARY(N, call, value, da, db, domain, reference, sentence)                     \
  KEOPSNB_ROW(N, call, "(D), (D) -> D, or one side of dimension 1", 2, 0, #da ", " #db, domain, \
              reference, sentence)
#define KEOPSNB_TERNARY(N, call, value, da, db, dc, domain, reference, sentence)           \
  KEOPSNB_ROW(N, call, "(D), (D), (D) -> D, where any of them may have dimension 1", 3, 0, \
              #da ", " #db ", " #dc, domain, reference, sentence)
#include <keopsnb/ops.def>
};

}  // namespace

std::span<const Row> catalogue() {
  static const std::vector<Row> rows = [] {
    std::vector<Row> all(std::begin(elementwise), std::end(elementwise));
    for (std::span<const Row> file :
         {std::span<const Row>(rows_sum), std::span<const Row>(rows_concat),
          std::span<const Row>(rows_extract), std::span<const Row>(rows_distance),
          std::span<const Row>(rows_weighted), std::span<const Row>(rows_component_extremum),
          std::span<const Row>(rows_tensor), std::span<const Row>(rows_take),
          std::span<const Row>(rows_bspline), std::span<const Row>(rows_softdtw),
          std::span<const Row>(rows_complex)})
      all.insert(all.end(), file.begin(), file.end());
    return all;
  }();
  return rows;
}

const Row* find_row(std::string_view name) {
  for (const Row& row : catalogue())
    if (row.name == name) return &row;
  return nullptr;
}

}  // namespace keopsnb
