// Block-sparse reductions: which pairs (i, j) a reduction takes.
#pragma once
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include <keopsnb/kernel/launch.hpp>

namespace keopsnb {

enum class Axis;

// Outputs, by clusters, and the intervals of the reduced index for each cluster, as CpuRanges has
// them, but in any order and not yet checked.
struct Clusters {
  std::array<const char*, 3> names;  // of these, for errors
  std::vector<i64> outputs, slices, reduced;

  // Of a call with these sizes; lives as long as this. Of equal terms the first one counts: the
  // intervals of each cluster are put in order. Throws std::invalid_argument.
  CpuRanges checked(i64 output_count, i64 reduced_count);

 private:
  void check_intervals(const char* name, const std::vector<i64>& intervals, i64 size) const;
  void check_overlap() const;
  void check_slices() const;

  std::optional<std::pair<i64, i64>> sizes_ = {};  // that it was checked for
};

// For reductions over j, or both, and over i.
struct Ranges {
  Clusters over_j, over_i;

  Clusters& of(Axis axis);
};

}  // namespace keopsnb
