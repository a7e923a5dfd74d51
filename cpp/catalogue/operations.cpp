#include <catalogue/operations.hpp>

#include <vector>

#include <keopsnb/ops/elementwise.hpp>

#include "rows.hpp"

namespace keopsnb {

std::span<const OperationRow> catalogue() {
  static const auto& rows = *new std::vector<OperationRow>([] {  // never destroyed
    std::vector<OperationRow> all;
    for (const auto& table : {elementwise_rows(), structural_rows(), complex_rows()})
      all.insert(all.end(), table.begin(), table.end());
    return all;
  }());
  return rows;
}

const OperationRow* find_row(std::string_view name) {
  for (const OperationRow& row : catalogue())
    if (row.name == name) return &row;
  return nullptr;
}

i64 broadcast_dim(const i64* dims, int n, const i64*) {
  i64 d = 1;
  for (int k = 0; k < n && d > 0; ++k) d = broadcast(d, dims[k]);
  return d;
}

}  // namespace keopsnb
