// An NVRTC that compiles nothing: its images are what the fake driver takes. Its version is in its
// file's name: libnvrtc.so.13 is 13.1. Each compilation adds a byte to the file FAKE_NVRTC_CALLS.
#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include <cuda/api.hpp>

using namespace keopsnb::cuda;

#define EXPORT extern "C" [[gnu::visibility("default")]]

namespace {

struct Program {
  std::string source, log, cubin, ptx;
  std::vector<std::string> headers;
};

Program& of(nvrtcProgram program) { return *reinterpret_cast<Program*>(program); }

int major_version() {
  Dl_info info{};
  dladdr(reinterpret_cast<void*>(&major_version), &info);
  const char* digits = std::strstr(info.dli_fname, "nvrtc.so.");
  return digits != nullptr ? std::atoi(digits + std::strlen("nvrtc.so.")) : 13;
}

std::vector<int> architectures() {
  return major_version() >= 13 ? std::vector<int>{75, 80, 90, 100, 120}
                               : std::vector<int>{50, 60, 70, 75, 80, 90};
}

nvrtcResult size_of(const std::string& text, std::size_t* bytes) {
  *bytes = text.size() + 1;
  return NVRTC_SUCCESS;
}

nvrtcResult copy(const std::string& text, char* to) {
  std::memcpy(to, text.c_str(), text.size() + 1);
  return NVRTC_SUCCESS;
}

}  // namespace

EXPORT const char* nvrtcGetErrorString(nvrtcResult result) {
  return result == NVRTC_ERROR_COMPILATION ? "NVRTC_ERROR_COMPILATION"
                                           : "NVRTC_ERROR_INVALID_OPTION";
}

EXPORT nvrtcResult nvrtcVersion(int* major, int* minor) {
  *major = major_version();
  *minor = 1;
  return NVRTC_SUCCESS;
}

EXPORT nvrtcResult nvrtcGetNumSupportedArchs(int* count) {
  *count = static_cast<int>(architectures().size());
  return NVRTC_SUCCESS;
}

EXPORT nvrtcResult nvrtcGetSupportedArchs(int* archs) {
  for (int arch : architectures()) *archs++ = arch;
  return NVRTC_SUCCESS;
}

EXPORT nvrtcResult nvrtcCreateProgram(nvrtcProgram* program, const char* source, const char*,
                                      int headers, const char* const*, const char* const* names) {
  *program = reinterpret_cast<nvrtcProgram>(new Program{source, "", "", "", {}});
  for (int i = 0; i < headers; ++i) of(*program).headers.emplace_back(names[i]);
  return NVRTC_SUCCESS;
}

EXPORT nvrtcResult nvrtcDestroyProgram(nvrtcProgram* program) {
  delete &of(*program);
  *program = nullptr;
  return NVRTC_SUCCESS;
}

EXPORT nvrtcResult nvrtcCompileProgram(nvrtcProgram handle, int count, const char* const* options) {
  Program& program = of(handle);
  if (const char* calls = std::getenv("FAKE_NVRTC_CALLS"))
    std::ofstream(calls, std::ios::app) << '.';
  // Long enough for others to ask for the same kernel.
  usleep(program.source.find("slow") != std::string::npos ? 500'000 : 20'000);
  std::string arch;
  for (int i = 0; i < count; ++i) {
    const std::string option = options[i];
    if (option == "-no-such-option") {
      program.log = "nvrtc: error: unrecognized option " + option;
      return 5;
    }
    if (option.starts_with("--gpu-architecture=")) arch = option.substr(option.find('=') + 1);
  }
  const std::size_t include = program.source.find("#include <");
  if (include != std::string::npos) {
    const std::size_t name = include + std::strlen("#include <");
    const std::string wanted = program.source.substr(name, program.source.find('>', name) - name);
    bool found = false;
    for (const std::string& header : program.headers) found = found || header == wanted;
    if (!found) program.log = "kernel.cu(1): error: cannot open source file " + wanted;
  }
  if (program.source.find("wrong") != std::string::npos)
    program.log = "kernel.cu(1): error: expected a \";\"" + std::string(5000, '.');
  if (!program.log.empty()) return NVRTC_ERROR_COMPILATION;
  const std::string number = arch.substr(arch.find('_') + 1);
  if (arch.starts_with("sm_")) program.cubin = "cubin " + number + "\n" + program.source;
  program.ptx = "ptx " + number + "\n" + program.source;
  return NVRTC_SUCCESS;
}

EXPORT nvrtcResult nvrtcGetProgramLogSize(nvrtcProgram program, std::size_t* bytes) {
  return size_of(of(program).log, bytes);
}
EXPORT nvrtcResult nvrtcGetProgramLog(nvrtcProgram program, char* to) {
  return copy(of(program).log, to);
}
EXPORT nvrtcResult nvrtcGetCUBINSize(nvrtcProgram program, std::size_t* bytes) {
  return size_of(of(program).cubin, bytes);
}
EXPORT nvrtcResult nvrtcGetCUBIN(nvrtcProgram program, char* to) {
  return copy(of(program).cubin, to);
}
EXPORT nvrtcResult nvrtcGetPTXSize(nvrtcProgram program, std::size_t* bytes) {
  return size_of(of(program).ptx, bytes);
}
EXPORT nvrtcResult nvrtcGetPTX(nvrtcProgram program, char* to) { return copy(of(program).ptx, to); }
