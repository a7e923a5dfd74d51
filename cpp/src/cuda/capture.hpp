// The modes of a thread while some stream is captured into a CUDA graph.
#pragma once
#include "cuda/driver.hpp"

namespace keopsnb::cuda {

// Lets this thread make calls that are no part of the graph, such as loading a module, until the
// end of the scope: otherwise they end the capture.
class RelaxedCapture {
 public:
  RelaxedCapture() {
    check(driver().cuThreadExchangeStreamCaptureMode(&mode_), "change the mode of captures");
  }
  ~RelaxedCapture() { driver().cuThreadExchangeStreamCaptureMode(&mode_); }
  RelaxedCapture(const RelaxedCapture&) = delete;
  RelaxedCapture& operator=(const RelaxedCapture&) = delete;

 private:
  int mode_ = CU_STREAM_CAPTURE_MODE_RELAXED;  // then what it was before
};

}  // namespace keopsnb::cuda
