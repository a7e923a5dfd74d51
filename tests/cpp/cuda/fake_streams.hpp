// Streams, events and graphs of the fake driver, and what all its calls begin with. Included by
// fake_driver.cpp only, in the middle.
#pragma once
#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace {

using Work = std::deque<std::function<void()>>;

struct Stream {
  Work work, recorded;
  std::size_t enqueued = 0, done = 0;
  bool capturing = false;
  void run(std::size_t until) {
    while (done < until) {
      const auto task = std::move(work.front());
      work.pop_front();
      ++done;
      task();
    }
  }
  void add(std::function<void()> task) {
    if (capturing) return recorded.push_back(std::move(task));
    work.push_back(std::move(task));
    ++enqueued;
  }
};

struct Event {
  Stream* stream = nullptr;
  std::size_t position = 0;
  bool captured = false;  // it marks a place in a graph, and is no more to be waited for
};

Stream default_stream;
std::set<Stream*> streams = {&default_stream};
std::vector<Work> graphs;

Stream& stream_of(CUstream stream) {
  return stream != nullptr ? *reinterpret_cast<Stream*>(stream) : default_stream;
}

int initialized_by = 0;
thread_local std::vector<CUcontext> current;
thread_local int capture_mode = 0;

// The lock, the log, and what the test wants to fail.
class Call {
 public:
  explicit Call(const std::string& name, const std::string& detail = "") : lock_(fake_state.mutex) {
    fake_state.log.push_back(detail.empty() ? name : name + " " + detail);
    result_ = fake_state.lost;
    if (const auto at = fake_state.failures.find(name); at != fake_state.failures.end())
      result_ = at->second;
    if (const auto at = fake_state.failures_once.find(name); at != fake_state.failures_once.end()) {
      result_ = at->second;
      fake_state.failures_once.erase(at);
    }
    if (result_ >= 700 && result_ < 720 && result_ != CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES)
      fake_state.lost = result_;
    else if (result_ == 0 && initialized_by == 0 && name != "cuInit" &&
             name != "cuDriverGetVersion")
      result_ = CUDA_ERROR_NOT_INITIALIZED;
  }
  Call& in_context() {
    if (result_ == 0 && current.empty()) result_ = 201;
    return *this;
  }
  Call& outside_captures() {
    if (result_ == 0 && fake_state.capturing > 0 && capture_mode != CU_STREAM_CAPTURE_MODE_RELAXED)
      result_ = 900;
    return *this;
  }
  // A call that cannot be recorded.
  Call& not_captured(const Stream& stream) {
    if (result_ == 0 && stream.capturing) result_ = 900;
    return *this;
  }
  operator int() const { return result_; }
  template <class Body>
  CUresult operator()(Body&& body) {
    return result_ != 0 ? result_ : body();
  }

 private:
  std::lock_guard<std::mutex> lock_;
  int result_ = 0;
};

template <class Body>
auto always(Body body) {
  return [=] {
    body();
    return CUDA_SUCCESS;
  };
}

}  // namespace

EXPORT void fake_begin_capture(CUstream stream) {
  const std::lock_guard lock(fake_state.mutex);
  stream_of(stream).capturing = true;
  ++fake_state.capturing;
}

EXPORT int fake_end_capture(CUstream stream) {
  const std::lock_guard lock(fake_state.mutex);
  stream_of(stream).capturing = false;
  --fake_state.capturing;
  graphs.push_back(std::exchange(stream_of(stream).recorded, {}));
  return static_cast<int>(graphs.size()) - 1;
}

EXPORT void fake_replay(int graph) {
  const std::lock_guard lock(fake_state.mutex);
  for (const auto& task : graphs[static_cast<std::size_t>(graph)]) task();
}
