#include <algorithm>

#include "cuda/advice.hpp"
#include "cuda/driver.hpp"
#include "cuda/nvrtc.hpp"
#include "jit/headers.hpp"
#include "jit/process.hpp"

namespace keopsnb::cuda {
namespace {

using Words = std::vector<std::string>;

// The headers as NVRTC takes them: strings that end in 0.
struct HeaderTexts {
  Words names, texts;
  std::vector<const char*> name_pointers, text_pointers;

  HeaderTexts() {
    for (const jit::Header& header : jit::embedded_headers()) {
      names.emplace_back(header.path);
      texts.emplace_back(header.text);
    }
    for (const std::string& name : names) name_pointers.push_back(name.c_str());
    for (const std::string& text : texts) text_pointers.push_back(text.c_str());
  }
};

const HeaderTexts& header_texts() {
  static const HeaderTexts* texts = new HeaderTexts;
  return *texts;
}

class Program {
 public:
  explicit Program(const Nvrtc& nvrtc) : nvrtc_(nvrtc) {}
  ~Program() {
    if (program_ != nullptr) nvrtc_.nvrtcDestroyProgram(&program_);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  nvrtcResult compile(const std::string& source, const Words& options) {
    const HeaderTexts& headers = header_texts();
    std::vector<const char*> words;
    for (const std::string& option : options) words.push_back(option.c_str());
    const nvrtcResult made = nvrtc_.nvrtcCreateProgram(
        &program_, source.c_str(), "kernel.cu", static_cast<int>(headers.names.size()),
        headers.text_pointers.data(), headers.name_pointers.data());
    if (made != NVRTC_SUCCESS) return made;
    return nvrtc_.nvrtcCompileProgram(program_, static_cast<int>(words.size()), words.data());
  }
  std::string log() const {
    return program_ != nullptr ? text(nvrtc_.nvrtcGetProgramLogSize, nvrtc_.nvrtcGetProgramLog)
                               : "";
  }
  std::string image(bool ptx) const {
    return ptx ? text(nvrtc_.nvrtcGetPTXSize, nvrtc_.nvrtcGetPTX)
               : bytes(nvrtc_.nvrtcGetCUBINSize, nvrtc_.nvrtcGetCUBIN);
  }

 private:
  using Size = nvrtcResult (*)(nvrtcProgram, std::size_t*);
  using Copy = nvrtcResult (*)(nvrtcProgram, char*);

  std::string bytes(Size size, Copy copy) const {
    std::size_t count = 0;
    if (size(program_, &count) != NVRTC_SUCCESS) return "";
    std::string result(count, '\0');
    return copy(program_, result.data()) == NVRTC_SUCCESS ? result : "";
  }
  std::string text(Size size, Copy copy) const {
    std::string result = bytes(size, copy);
    if (result.ends_with('\0')) result.pop_back();
    return result;
  }

  const Nvrtc& nvrtc_;
  nvrtcProgram program_ = nullptr;
};

std::string cut(const std::string& log) {
  constexpr std::size_t limit = 4000;
  return log.size() <= limit ? log : log.substr(0, limit) + "\n[the rest is in the field log]";
}

[[noreturn]] void throw_refused(const Nvrtc& nvrtc, const std::string& error, const Words& options,
                                const std::string& log, const CompileOptions& how) {
  const std::string command = "nvrtc " + jit::join_words(options);
  const std::string path = how.keep ? how.keep() : "";
  throw jit::CompileError("NVRTC " + version_text(nvrtc.version()) + " (" + nvrtc.path +
                              ") did not accept the source of a kernel: " + error + ".\nCommand: " +
                              command + (path.empty() ? "" : "\nSource: " + path) + "\n" + cut(log),
                          command, log, path);
}

std::string list(const std::vector<int>& architectures) {
  std::string text;
  for (int arch : architectures) text += (text.empty() ? "sm_" : ", sm_") + std::to_string(arch);
  return text;
}

}  // namespace

Target target_for(int arch, int driver_version, int nvrtc_version,
                  const std::vector<int>& architectures) {
  const auto above = std::upper_bound(architectures.begin(), architectures.end(), arch);
  const std::string gpu = "The GPU has architecture sm_" + std::to_string(arch);
  const std::string compiler = "NVRTC " + version_text(nvrtc_version);
  if (above == architectures.begin())
    throw CudaError(gpu + ", which " + compiler + " compiles for no more: it knows " +
                    list(architectures) + ". " +
                    (arch >= 50
                         ? "NVRTC 12 still has it: pip install 'keopsnb[cuda12]', and name its "
                           "libnvrtc.so.12 in KEOPSNB_NVRTC if another is found first."
                         : std::string("It is older than all that compile C++20.") + without_gpu));
  // A driver runs machine code of any compiler of its own major version, or of an older one; PTX
  // only of compilers that are not newer than itself.
  const int known = *(above - 1);
  const bool takes_code = nvrtc_version / 1000 <= driver_version / 1000;
  if (known == arch && takes_code) return {known, false};
  if (nvrtc_version <= driver_version) return {known, true};
  if (known / 10 == arch / 10 && takes_code) return {known, false};  // runs on later minors
  throw CudaError(
      (takes_code ? gpu + ", which is newer than " + compiler + " knows (" + list(architectures) +
                        "), and the driver, for CUDA " + version_text(driver_version) +
                        ", cannot translate what that compiler makes"
                  : compiler + " is too new for the driver, which is for CUDA " +
                        version_text(driver_version)) +
      ". Update the driver, or install an NVRTC for it: " + nvrtc_package(driver_version) + ".");
}

std::vector<std::string> nvrtc_options(const Target& target, const std::string& flags) {
  Words options = {"--std=c++20", "--device-as-default-execution-space",
                   "--gpu-architecture=" + target.name()};
  for (const std::string& word : jit::split_words(flags)) options.push_back(word);
  return options;
}

Image compile(const std::string& source, const Target& target, const CompileOptions& how) {
  const Nvrtc& rtc = nvrtc();
  const Words options = nvrtc_options(target, how.flags);
  Program program(rtc);
  if (const nvrtcResult result = program.compile(source, options); result != NVRTC_SUCCESS)
    throw_refused(rtc, rtc.nvrtcGetErrorString(result), options, program.log(), how);
  Image image{program.image(target.ptx), target.ptx};
  if (image.bytes.empty()) throw_refused(rtc, "it made no object", options, program.log(), how);
  return image;
}

}  // namespace keopsnb::cuda
