#include "reductions.hpp"

#include <stdexcept>
#include <vector>

#include <keopsnb/reductions.hpp>

#include "parse/suggest.hpp"

namespace keopsnb {

std::span<const ReductionRow> reduction_catalogue() {
  static const auto& rows = *new std::vector<ReductionRow>([] {  // never destroyed
    std::vector<ReductionRow> all;
    const std::span<const ReductionRow> files[] = {
        rows_sum_reduction, rows_mean, rows_variance,    rows_norm,    rows_product,
        rows_extremum,      rows_topk, rows_exponential, rows_logical, rows_count};
    for (const auto& file : files) all.insert(all.end(), file.begin(), file.end());
    return all;
  }());
  return rows;
}

const ReductionRow& find_reduction(std::string_view name) {
  std::vector<std::string_view> names;
  for (const ReductionRow& row : reduction_catalogue()) {
    if (row.name == name) return row;
    names.push_back(row.name);
  }
  const std::string hint = parse::did_you_mean(name, names);
  std::string all;
  for (const std::string_view known : names)
    all += (all.empty() ? "'" : ", '") + std::string(known) + "'";
  throw std::invalid_argument("reduction_op is '" + std::string(name) + "'" +
                              (hint.empty() ? "; the reductions are " + all + "." : "." + hint));
}

}  // namespace keopsnb
