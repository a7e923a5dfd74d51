#include "cuda/constants.hpp"

#include <algorithm>
#include <list>
#include <map>
#include <mutex>
#include <vector>

#include "cuda/capture.hpp"
#include "cuda/memory.hpp"

namespace keopsnb::cuda {

// All but the values is guarded by the shelf's mutex.
struct KeptConstants {
  std::vector<long long> values;
  std::size_t digest = 0;
  DeviceBuffer memory;
  CUevent uploaded = nullptr;
  bool arrived = false;   // the upload is known to be done
  bool in_graph = false;  // then it is never freed
  int holders = 0;
  std::vector<std::pair<CUstream, CUevent>> readers;  // behind the last launch on each stream
};

namespace {

// Of values that neither a graph nor a launch under way reads, as many as these are kept.
constexpr std::size_t most_entries = 64, most_bytes = 64 << 20;

// The constants of a device, those used last in front.
struct Shelf {
  std::mutex mutex;
  CUstream stream = nullptr;  // of uploads, and of nothing else
  std::list<std::shared_ptr<KeptConstants>> entries;
};

Shelf& shelf(const Device& device) {
  static std::mutex mutex;
  static auto* shelves = new std::map<int, Shelf>;
  const std::lock_guard lock(mutex);
  return (*shelves)[device.ordinal];
}

std::size_t digest_of(std::span<const long long> values) {
  std::size_t digest = values.size();
  for (const long long value : values)
    digest = (digest ^ static_cast<std::size_t>(value)) * 0x9e3779b97f4a7c15U;
  return digest;
}

CUevent new_event(const Device& device) {
  CUevent event = nullptr;
  check(driver().cuEventCreate(&event, CU_EVENT_DISABLE_TIMING), "make an event", device.ordinal);
  return event;
}

std::shared_ptr<KeptConstants> upload_to(Shelf& own, const Device& device,
                                         std::span<const long long> values, std::size_t digest) {
  if (own.stream == nullptr)
    check(driver().cuStreamCreate(&own.stream, CU_STREAM_NON_BLOCKING), "make a stream",
          device.ordinal);
  auto made = std::make_shared<KeptConstants>();
  made->values.assign(values.begin(), values.end());
  made->digest = digest;
  made->memory = DeviceBuffer(device, own.stream, values.size_bytes());
  made->uploaded = new_event(device);
  upload(device, own.stream, made->memory.pointer(), values.data(), values.size_bytes());
  check(driver().cuEventRecord(made->uploaded, own.stream), "record an event", device.ordinal);
  return made;
}

// Whether all launches that read them are done. (The stream of uploads must not wait for launches:
// the next upload would.)
bool is_idle(const KeptConstants& kept) {
  return kept.holders == 0 && std::ranges::all_of(kept.readers, [](const auto& reader) {
           return driver().cuEventQuery(reader.second) == CUDA_SUCCESS;
         });
}

void destroy_events(const KeptConstants& kept) {
  for (const auto& [stream, event] : kept.readers) driver().cuEventDestroy(event);
  driver().cuEventDestroy(kept.uploaded);
}

void free_oldest(Shelf& own) {
  std::size_t entries = 0, bytes = 0;
  for (const auto& kept : own.entries)
    if (!kept->in_graph) ++entries, bytes += kept->memory.bytes();
  for (auto at = own.entries.end(); at != own.entries.begin();) {
    if (entries <= most_entries && bytes <= most_bytes) return;
    KeptConstants& kept = **--at;
    if (kept.in_graph || !is_idle(kept)) continue;
    --entries, bytes -= kept.memory.bytes();
    destroy_events(kept);
    at = own.entries.erase(at);
  }
}

}  // namespace

Constants::Constants(const Device& device, CUstream stream, std::span<const long long> values)
    : device_(&device), stream_(stream) {
  if (values.empty()) return;
  const Current current(device);  // throws in a forked child, where the lock may be held for ever
  const RelaxedCapture relaxed;   // the upload is no part of a graph
  const Driver& cuda = driver();
  int status = CU_STREAM_CAPTURE_STATUS_NONE;
  check(cuda.cuStreamIsCapturing(stream, &status), "see whether a stream is captured",
        device.ordinal);
  captured_ = status != CU_STREAM_CAPTURE_STATUS_NONE;

  Shelf& own = shelf(device);
  const std::lock_guard lock(own.mutex);
  const std::size_t digest = digest_of(values);
  const auto found = std::ranges::find_if(own.entries, [&](const auto& kept) {
    return kept->digest == digest && std::ranges::equal(kept->values, values);
  });
  if (found != own.entries.end())
    own.entries.splice(own.entries.begin(), own.entries, found);
  else
    own.entries.push_front(upload_to(own, device, values, digest));
  kept_ = own.entries.front();
  if (captured_) {
    if (!kept_->arrived)
      check(cuda.cuEventSynchronize(kept_->uploaded), "copy to the device", device.ordinal);
    kept_->arrived = kept_->in_graph = true;
  } else if (!kept_->arrived) {
    kept_->arrived = cuda.cuEventQuery(kept_->uploaded) == CUDA_SUCCESS;
    if (!kept_->arrived)
      check(cuda.cuStreamWaitEvent(stream, kept_->uploaded, 0), "wait for a copy", device.ordinal);
  }
  data_ = reinterpret_cast<const long long*>(kept_->memory.pointer());
  ++kept_->holders;
  free_oldest(own);
}

Constants::~Constants() {
  if (!kept_) return;
  try {
    const Current current(*device_);
    const RelaxedCapture relaxed;
    Shelf& own = shelf(*device_);
    const std::lock_guard lock(own.mutex);
    if (!captured_) {
      auto reader =
          std::ranges::find(kept_->readers, stream_, &std::pair<CUstream, CUevent>::first);
      if (reader == kept_->readers.end())
        reader = kept_->readers.insert(reader, {stream_, new_event(*device_)});
      check(driver().cuEventRecord(reader->second, stream_), "record an event", device_->ordinal);
    }
    --kept_->holders;
  } catch (const CudaError&) {  // then it is never freed
  }
}

}  // namespace keopsnb::cuda
