// Memory as a GPU gives it: poisoned, aligned, of just the size that was asked for.
#pragma once
#include <keopsnb/config.hpp>

#include <cstddef>
#include <cstring>
#include <new>

namespace emulation {

using keopsnb::i64;

inline std::size_t size(i64 n) { return static_cast<std::size_t>(n); }

// Poisoned memory of exactly so many bytes, with the alignment that GPUs give.
class Memory {
 public:
  explicit Memory(i64 bytes)
      : bytes_(size(bytes)), data_(static_cast<char*>(::operator new(bytes_, alignment))) {
    poison();
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() { ::operator delete(data_, alignment); }

  void poison() const { std::memset(data_, 0xff, bytes_); }
  char* data() const { return data_; }

 private:
  static constexpr std::align_val_t alignment{16};
  std::size_t bytes_;
  char* data_;
};

}  // namespace emulation
