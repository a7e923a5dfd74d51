// Device memory, and the way there and back from ordinary host memory.
#pragma once
#include <cstddef>
#include <utility>

#include "cuda/driver.hpp"

namespace keopsnb::cuda {

// Memory of a device, in the order of a stream: work enqueued on `stream` before the destructor may
// still use it. It is of a pool of keopsnb's own; where the device has no memory pools, allocation
// and freeing wait for the device.
class DeviceBuffer {
 public:
  DeviceBuffer() = default;
  DeviceBuffer(const Device& device, CUstream stream, std::size_t bytes);  // may be 0 bytes
  ~DeviceBuffer() { release(); }
  DeviceBuffer(DeviceBuffer&& other) noexcept
      : device_(other.device_),
        stream_(other.stream_),
        pointer_(std::exchange(other.pointer_, 0)),
        bytes_(std::exchange(other.bytes_, 0)) {}
  DeviceBuffer& operator=(DeviceBuffer&& other) noexcept {
    if (this != &other) {
      release();
      device_ = other.device_;
      stream_ = other.stream_;
      pointer_ = std::exchange(other.pointer_, 0);
      bytes_ = std::exchange(other.bytes_, 0);
    }
    return *this;
  }

  CUdeviceptr pointer() const { return pointer_; }
  std::size_t bytes() const { return bytes_; }

 private:
  void release() noexcept;

  const Device* device_ = nullptr;
  CUstream stream_ = nullptr;
  CUdeviceptr pointer_ = 0;
  std::size_t bytes_ = 0;
};

// Copies between pageable host memory and the device, after what `stream` holds, through pinned
// buffers, so that the host's copy and the transfer overlap. upload returns when `from` may be
// changed, download when `to` holds the bytes. Any number of threads at once.
void upload(const Device& device, CUstream stream, CUdeviceptr to, const void* from,
            std::size_t bytes);
void download(const Device& device, CUstream stream, void* to, CUdeviceptr from, std::size_t bytes);

// The stream of work on host arrays, made once for each device; it does not wait for the default
// stream.
CUstream host_stream(const Device& device);

}  // namespace keopsnb::cuda
