#include "launch/ranges.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <string>

#include "launch/routine.hpp"

namespace keopsnb {
namespace {

std::string interval_text(const i64* interval) {
  return "[" + std::to_string(interval[0]) + ", " + std::to_string(interval[1]) + "]";
}

}  // namespace

Clusters& Ranges::of(Axis axis) { return axis == Axis::i ? over_i : over_j; }

void Clusters::check_intervals(const char* name, const std::vector<i64>& intervals,
                               i64 size) const {
  for (std::size_t k = 0; k < intervals.size(); k += 2) {
    const i64* const one = &intervals[k];
    if (one[0] < 0 || one[1] > size || one[0] > one[1])
      throw std::invalid_argument(std::string(name) + "[" + std::to_string(k / 2) + "] is " +
                                  interval_text(one) +
                                  "; write the first index and the one behind the last, between 0 "
                                  "and " +
                                  std::to_string(size) + ".");
  }
}

void Clusters::check_overlap() const {
  std::vector<const i64*> ordered;
  for (std::size_t k = 0; k < outputs.size(); k += 2)
    if (outputs[k] < outputs[k + 1]) ordered.push_back(&outputs[k]);
  std::ranges::stable_sort(ordered, {}, [](const i64* interval) { return interval[0]; });
  for (std::size_t k = 1; k < ordered.size(); ++k)
    if (ordered[k][0] < ordered[k - 1][1])
      throw std::invalid_argument(
          std::string(names[0]) + " holds " + interval_text(ordered[k - 1]) + " and " +
          interval_text(ordered[k]) + ", which overlap; give each row to one cluster.");
}

void Clusters::check_slices() const {
  const i64 count = static_cast<i64>(reduced.size() / 2);
  i64 before = 0;
  bool right = true;
  for (const i64 slice : slices) {
    right &= before <= slice && slice <= count;
    before = slice;
  }
  if (right) return;
  std::string some;
  for (std::size_t k = 0; k < std::min<std::size_t>(8, slices.size()); ++k)
    some += (k ? ", " : "") + std::to_string(slices[k]);
  throw std::invalid_argument(std::string(names[1]) + " is [" + some +
                              "]...; write, for each cluster, the number of rows of " + names[2] +
                              " up to and with its own: they do not decrease, and there are " +
                              std::to_string(count) + ".");
}

CpuRanges Clusters::checked(i64 output_count, i64 reduced_count) {
  const std::pair sizes(output_count, reduced_count);
  if (sizes_ != sizes) {
    check_intervals(names[0], outputs, output_count);
    check_intervals(names[2], reduced, reduced_count);
    if (!sizes_) {
      check_overlap();
      check_slices();
      auto* const intervals = reinterpret_cast<std::array<i64, 2>*>(reduced.data());
      i64 begin = 0;
      for (const i64 end : slices) {
        std::stable_sort(intervals + begin, intervals + end,
                         [](const auto& a, const auto& b) { return a[0] < b[0]; });
        begin = end;
      }
    }
    reduced.reserve(2);  // where there is no interval too: a kernel without is dense
    sizes_ = sizes;
  }
  return {outputs.data(), slices.data(), reduced.data(), static_cast<i64>(slices.size())};
}

}  // namespace keopsnb
