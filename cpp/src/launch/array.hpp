// Arguments of a call, as the front end found them.
#pragma once
#include <array>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <keopsnb/config.hpp>

namespace keopsnb {

// The types of numbers and of integers in memory: the rows of storage.def, in their order.
enum class Dtype {
#define KEOPSNB_NUMBERS(NAME, CPP, DLPACK, LETTERS) NAME,
#define KEOPSNB_NARROW(NAME, BITS, COMPUTED, DLPACK, LETTERS) NAME,
#define KEOPSNB_INTEGERS(NAME, CPP, DLPACK, LETTERS) NAME,
#include <keopsnb/storage.def>
};

struct DtypeFacts {
  std::string_view name, cpp;
  i64 bytes;
  bool integer;
  std::string_view computed;  // the C++ type that numbers are computed in
  int dlpack;                 // DLPack's code of its kind
  std::string_view letters;   // of Python's buffers
};
inline constexpr std::array dtype_facts{
#define KEOPSNB_NUMBERS(NAME, CPP, DLPACK, LETTERS) \
  DtypeFacts{#NAME, #CPP, sizeof(CPP), false, #CPP, DLPACK, LETTERS},
#define KEOPSNB_NARROW(NAME, BITS, COMPUTED, DLPACK, LETTERS) \
  DtypeFacts{#NAME, "keopsnb::" #NAME, sizeof(BITS), false, #COMPUTED, DLPACK, LETTERS},
#define KEOPSNB_INTEGERS(NAME, CPP, DLPACK, LETTERS) \
  DtypeFacts{#NAME, #CPP, sizeof(CPP), true, {}, DLPACK, LETTERS},
#include <keopsnb/storage.def>
};
inline constexpr std::size_t dtype_count = dtype_facts.size();

constexpr const DtypeFacts& facts(Dtype dtype) {
  return dtype_facts[static_cast<std::size_t>(dtype)];
}

// Truth values and integers that are taken as those of another width.
struct TakenDtype {
  std::string_view name, letters;  // in Python, and of its buffers
  Dtype as;
};
inline constexpr std::array taken_dtypes{
    TakenDtype{"bool", "?", Dtype::int32},   TakenDtype{"uint8", "B", Dtype::int32},
    TakenDtype{"int8", "b", Dtype::int32},   TakenDtype{"int16", "h", Dtype::int32},
    TakenDtype{"uint16", "H", Dtype::int32}, TakenDtype{"uint32", "I", Dtype::int64},
    TakenDtype{"uint64", "LQ", Dtype::int64}};

constexpr bool is_integer(Dtype dtype) { return facts(dtype).integer; }

// The first type for which `holds`.
template <class Holds>
constexpr std::optional<Dtype> find_dtype(Holds holds) {
  for (std::size_t k = 0; k < dtype_count; ++k)
    if (holds(dtype_facts[k])) return static_cast<Dtype>(k);
  return std::nullopt;
}
// The type that a kernel of numbers in memory computes in, and that of its integer variables, which
// have as many bits.
constexpr Dtype computed_as(Dtype dtype) {
  return *find_dtype([&](const DtypeFacts& f) { return f.cpp == facts(dtype).computed; });
}
constexpr Dtype integers_beside(Dtype dtype) {
  const i64 bytes = facts(computed_as(dtype)).bytes;
  return *find_dtype([&](const DtypeFacts& f) { return f.integer && f.bytes == bytes; });
}

// In place of a device's number where memory is the host's, or the CPU computes.
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
