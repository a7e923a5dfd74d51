// Arguments of a call, as the front end found them.
#pragma once
#include <array>
#include <stdexcept>
#include <string>
#include <string_view>

#include <keopsnb/config.hpp>

namespace keopsnb {

// float16 and bfloat16 are numbers in memory only: they are computed in float. Integers are those
// of integer variables, of any computation.
enum class Dtype { float32, float64, float16, bfloat16, int32, int64 };

struct DtypeFacts {
  std::string_view name, cpp;
  i64 bytes;
  bool integer;
};
inline constexpr std::array<DtypeFacts, 6> dtype_facts{{
    {"float32", "float", 4, false},
    {"float64", "double", 8, false},
    {"float16", "keopsnb::float16", 2, false},
    {"bfloat16", "keopsnb::bfloat16", 2, false},
    {"int32", "int", 4, true},
    {"int64", "long long", 8, true},
}};
// The first ones are those of numbers.
inline constexpr std::size_t number_dtypes = 4;

constexpr const DtypeFacts& facts(Dtype dtype) {
  return dtype_facts[static_cast<std::size_t>(dtype)];
}

constexpr bool is_integer(Dtype dtype) { return facts(dtype).integer; }
// The type that a kernel of numbers in memory computes in, and that of its integer variables.
constexpr Dtype computed_as(Dtype dtype) {
  return dtype == Dtype::float64 ? Dtype::float64 : Dtype::float32;
}
constexpr Dtype integers_beside(Dtype dtype) {
  return dtype == Dtype::float64 ? Dtype::int64 : Dtype::int32;
}

// What stands for a device's number where memory is the host's, or the CPU computes.
inline constexpr int host_device = -1;

struct ArrayView {
  static constexpr int max_ndim = 8;
  const void* data = nullptr;
  Dtype dtype = Dtype::float32;
  int device = host_device;
  int ndim = 0;
  std::array<i64, max_ndim> shape{};

  i64 bytes() const {
    i64 n = facts(dtype).bytes;
    for (int k = 0; k < ndim; ++k) n *= shape[static_cast<std::size_t>(k)];
    return n;
  }
};

// "(2, 3)", as Python writes it.
std::string shape_text(const ArrayView& array);
// "device 'cuda:0'"
std::string device_text(int device);

// An argument of the wrong kind: TypeError in Python. Wrong sizes are std::invalid_argument.
struct ArgumentTypeError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace keopsnb
