// The real NVRTC that KEOPSNB_TEST_NVRTC names compiles the core headers, with no GPU.
#include <string>
#include <vector>

#include <cuda/kernels.hpp>

#include "check.hpp"
#include "scratch.hpp"

using namespace keopsnb::cuda;
using keopsnb::jit::CompileError;

namespace {

const std::string source = R"(#include <keopsnb/keopsnb.hpp>
__constant__ int answer = 42;
template <keopsnb::Number V> void scale(V* x) { x[threadIdx.x] = keopsnb::exp(x[threadIdx.x]); }
extern "C" __global__ void run(float* x, double* y) { scale(x), scale(y); }
)";

void every_architecture_is_compiled_for() {
  CHECK(nvrtc().major >= 12 && nvrtc().architectures.size() > 3);
  CHECK(nvrtc().architectures.front() >= 50 && nvrtc().architectures.back() >= 90);
  for (int arch : nvrtc().architectures)
    for (bool ptx : {false, true}) {
      const Image image = compile(source, {arch, ptx});
      CHECK(image.ptx == ptx);
      if (ptx)
        CHECK(image.bytes.find(".target sm_" + std::to_string(arch)) != std::string::npos &&
              image.bytes.find(".entry run(") != std::string::npos);
      else
        CHECK(image.bytes.starts_with("\x7f"
                                      "ELF") &&
              image.bytes.find("answer") != std::string::npos);
    }
}

void errors_hold_the_words_of_nvrtc() {
  try {
    compile("\nint f( { return 1; }", {90, false});
    CHECK(false);
  } catch (const CompileError& error) {
    CHECK(error.log.find("kernel.cu(2): error: ") != std::string::npos);
    CHECK(std::string(error.what()).find("NVRTC_ERROR_COMPILATION") != std::string::npos);
  }
  CHECK_THROWS(CompileError, "-no-such-option",
               compile(source, {90, false}, {"-no-such-option", {}}));
}

void kernels_are_built_ahead() {
  const scratch::Folder folder;
  const std::string path = build(source, {90, false}, {"-use_fast_math"}, folder / "kernels");
  CHECK(path.ends_with(".cubin") && scratch::read(path).size() > 500);
}

}  // namespace

int main() {
  const char* path = std::getenv("KEOPSNB_TEST_NVRTC");
  if (path == nullptr) {
    std::printf("skipped: KEOPSNB_TEST_NVRTC names no libnvrtc.so\n");
    return 77;
  }
  setenv("KEOPSNB_NVRTC", path, 1);
  every_architecture_is_compiled_for();
  errors_hold_the_words_of_nvrtc();
  kernels_are_built_ahead();
  return report("cuda_nvrtc");
}
