// Integers that kernels read, kept on a device and found again by their values.
//
// They go there once, on a stream of their own, so that no call waits for the kernels before it. A
// launch that is captured in a CUDA graph reads them whenever the graph runs: what a graph reads is
// kept for the life of the process, and of the rest what was used last.
#pragma once
#include <memory>
#include <span>

#include "cuda/driver.hpp"

namespace keopsnb::cuda {

struct KeptConstants;

// Holds them for launches on `stream`, which must be enqueued before the destructor. Any number of
// threads at once; may be called while a stream is captured. Throws CudaError.
class Constants {
 public:
  Constants() = default;  // none
  Constants(const Device& device, CUstream stream, std::span<const long long> values);
  ~Constants();
  Constants(const Constants&) = delete;
  Constants& operator=(const Constants&) = delete;

  const long long* data() const { return data_; }

 private:
  const Device* device_ = nullptr;
  CUstream stream_ = nullptr;
  std::shared_ptr<KeptConstants> kept_;
  const long long* data_ = nullptr;
  bool captured_ = false;
};

}  // namespace keopsnb::cuda
