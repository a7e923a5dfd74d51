#include "cuda/memory.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace keopsnb::cuda {
namespace {

// Large enough to hide the cost of a call (some microseconds), small enough to begin soon.
constexpr std::size_t piece_bytes = 1 << 20;
constexpr std::size_t pieces = 4;

// Pinned buffers that take turns; each has an event behind its last transfer.
class Ring {
 public:
  explicit Ring(int device) : device_(device) {
    const Driver& cuda = driver();
    void* memory = nullptr;
    check(cuda.cuMemHostAlloc(&memory, pieces * piece_bytes, 0), "pin host memory", device,
          pieces * piece_bytes);
    memory_ = static_cast<char*>(memory);
    for (CUevent& event : events_)
      check(cuda.cuEventCreate(&event, CU_EVENT_DISABLE_TIMING), "make an event", device);
  }

  char* buffer(std::size_t turn) const { return memory_ + turn % pieces * piece_bytes; }
  // The transfer of that turn, enqueued just now, has this end.
  void mark(std::size_t turn, CUstream stream) const {
    check(driver().cuEventRecord(events_[turn % pieces], stream), "record an event", device_);
  }
  // An event that was never recorded has passed.
  void wait(std::size_t turn) const {
    check(driver().cuEventSynchronize(events_[turn % pieces]), "copy between host and device",
          device_);
  }

 private:
  int device_;
  char* memory_ = nullptr;
  std::array<CUevent, pieces> events_{};
};

// A device's stream, pool and rings for host arrays, kept for the life of the process.
struct Lane {
  std::mutex mutex;
  CUstream stream = nullptr;
  CUmemoryPool pool = nullptr;
  // Those of a stream wait for its transfers only, and not for what another stream is busy with.
  std::map<CUstream, std::vector<std::unique_ptr<Ring>>> idle;
};

Lane& lane(const Device& device) {
  static std::mutex mutex;
  static auto* lanes = new std::map<int, Lane>;
  const std::lock_guard lock(mutex);
  return (*lanes)[device.ordinal];
}

// Memory of keopsnb's own. What is freed stays in the pool up to so many bytes, so that the next
// call finds it, but no stream waits for another to have it; the device's default pool is the
// program's.
CUmemoryPool pool_of(const Device& device) {
  constexpr unsigned long long kept_bytes = 256 << 20;
  Lane& own = lane(device);
  const std::lock_guard lock(own.mutex);
  if (own.pool == nullptr) {
    CUmemPoolProps properties;
    properties.device = device.ordinal;
    CUmemoryPool made = nullptr;
    check(driver().cuMemPoolCreate(&made, &properties), "make a memory pool", device.ordinal);
    unsigned long long kept = kept_bytes;
    int waits = 0;
    const auto set = [&](int attribute, void* value) {
      check(driver().cuMemPoolSetAttribute(made, attribute, value), "set up a memory pool",
            device.ordinal);
    };
    set(CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &kept);
    set(CU_MEMPOOL_ATTR_REUSE_ALLOW_INTERNAL_DEPENDENCIES, &waits);
    own.pool = made;
  }
  return own.pool;
}

// A ring that no other thread uses until the end of the scope. After an error it is not used again:
// a transfer may still be under way.
class Borrowed {
 public:
  Borrowed(const Device& device, CUstream stream) : lane_(lane(device)), stream_(stream) {
    {
      const std::lock_guard lock(lane_.mutex);
      if (auto& idle = lane_.idle[stream]; !idle.empty()) {
        ring_ = std::move(idle.back());
        idle.pop_back();
      }
    }
    if (!ring_) ring_ = std::make_unique<Ring>(device.ordinal);
  }
  const Ring* operator->() const { return ring_.get(); }
  void give_back() {
    const std::lock_guard lock(lane_.mutex);
    lane_.idle[stream_].push_back(std::move(ring_));
  }

 private:
  Lane& lane_;
  CUstream stream_;
  std::unique_ptr<Ring> ring_;
};

std::size_t count_of(std::size_t bytes) { return (bytes + piece_bytes - 1) / piece_bytes; }

std::size_t size_of(std::size_t piece, std::size_t bytes) {
  return std::min(piece_bytes, bytes - piece * piece_bytes);
}

}  // namespace

DeviceBuffer::DeviceBuffer(const Device& device, CUstream stream, std::size_t bytes)
    : device_(&device), stream_(stream), bytes_(bytes) {
  if (bytes == 0) return;
  const Current current(device);
  const Driver& cuda = driver();
  check(device.pools ? cuda.cuMemAllocFromPoolAsync(&pointer_, bytes, pool_of(device), stream)
                     : cuda.cuMemAlloc(&pointer_, bytes),
        "allocate memory", device.ordinal, bytes);
}

void DeviceBuffer::release() noexcept {
  if (pointer_ == 0) return;
  try {
    const Current current(*device_);
    device_->pools ? driver().cuMemFreeAsync(pointer_, stream_) : driver().cuMemFree(pointer_);
  } catch (const CudaError&) {  // the context is lost, and its memory with it
  }
  pointer_ = 0;
}

void upload(const Device& device, CUstream stream, CUdeviceptr to, const void* from,
            std::size_t bytes) {
  if (bytes == 0) return;
  const Current current(device);
  const Driver& cuda = driver();
  Borrowed ring(device, stream);
  for (std::size_t piece = 0; piece < count_of(bytes); ++piece) {
    const std::size_t at = piece * piece_bytes, size = size_of(piece, bytes);
    ring->wait(piece);
    std::memcpy(ring->buffer(piece), static_cast<const char*>(from) + at, size);
    check(cuda.cuMemcpyHtoDAsync(to + at, ring->buffer(piece), size, stream), "copy to the device",
          device.ordinal);
    ring->mark(piece, stream);
  }
  ring.give_back();
}

void download(const Device& device, CUstream stream, void* to, CUdeviceptr from,
              std::size_t bytes) {
  if (bytes == 0) return;
  const Current current(device);
  const Driver& cuda = driver();
  Borrowed ring(device, stream);
  const std::size_t count = count_of(bytes);
  // Turn t enqueues piece t, then takes piece t - pieces + 1 out of its buffer.
  for (std::size_t turn = 0; turn < count + pieces - 1; ++turn) {
    if (turn < count) {
      if (turn < pieces) ring->wait(turn);  // what a former borrower left under way
      check(cuda.cuMemcpyDtoHAsync(ring->buffer(turn), from + turn * piece_bytes,
                                   size_of(turn, bytes), stream),
            "copy from the device", device.ordinal);
      ring->mark(turn, stream);
    }
    if (turn + 1 < pieces) continue;
    const std::size_t piece = turn + 1 - pieces;
    if (piece >= count) continue;
    ring->wait(piece);
    std::memcpy(static_cast<char*>(to) + piece * piece_bytes, ring->buffer(piece),
                size_of(piece, bytes));
  }
  ring.give_back();
}

CUstream host_stream(const Device& device) {
  driver();  // throws in a forked child, where the lane's lock may be held for ever
  Lane& own = lane(device);
  const std::lock_guard lock(own.mutex);
  if (own.stream == nullptr) {
    const Current current(device);
    check(driver().cuStreamCreate(&own.stream, CU_STREAM_NON_BLOCKING), "make a stream",
          device.ordinal);
  }
  return own.stream;
}

}  // namespace keopsnb::cuda
