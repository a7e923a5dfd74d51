// CUDA on this machine: devices, driver and compiler.

#include "bind/bind.hpp"
#include "bind/interpreter.hpp"
#include "cuda/driver.hpp"
#include "cuda/nvrtc.hpp"
#include "jit/ahead.hpp"

namespace keopsnb {
namespace {

std::string driver_row() {
  const cuda::Driver& driver = cuda::driver();
  return driver.path + ", for CUDA " + cuda::version_text(driver.version);
}

std::string architectures(const cuda::Nvrtc& nvrtc) {
  std::string text;
  for (int arch : nvrtc.architectures) text += (text.empty() ? "sm_" : ", ") + std::to_string(arch);
  return text;
}

std::string nvrtc_row() {
  const cuda::Nvrtc& nvrtc = cuda::nvrtc();
  return nvrtc.path + ", version " + cuda::version_text(nvrtc.version()) + ", for " +
         architectures(nvrtc);
}

std::string device_row(int ordinal) {
  const cuda::Device& device = cuda::device(ordinal);
  return device.name + ", sm_" + std::to_string(device.arch()) + ", " +
         std::to_string(device.multiprocessors) + " multiprocessors";
}

// The target that kernels are compiled for on a device, or why none can be.
std::string target_row(int ordinal) {
  const cuda::Device& device = cuda::device(ordinal);
  const cuda::Nvrtc& nvrtc = cuda::nvrtc();
  return cuda::target_for(device.arch(), device.driver_version, nvrtc.version(),
                          nvrtc.architectures)
      .name();
}

std::string ahead_row() {
  if (jit::environment_variable("KEOPSNB_KERNEL_PATH").empty())
    return "KEOPSNB_KERNEL_PATH is unset";
  std::string text;
  for (const jit::Store& store : jit::ahead_stores())
    text += (text.empty() ? "" : ", ") + store.folder() + " (" +
            std::to_string(store.usage().entries) + ")";
  return text;
}

// Every problem is a row; none is an exception. Makes no context.
nb::dict cuda_info() {
  const Call call;
  find_packages();
  nb::dict rows;
  const auto add = [&](const std::string& name, auto&& row) {
    std::string text;
    try {
      const WithoutGil release;
      text = row();
    } catch (const std::exception& error) {
      text = error.what();
    }
    rows[name.c_str()] = text;
  };
  add("CUDA driver", driver_row);
  for (int k = 0; k < cuda::device_count(); ++k) {
    add("GPU " + std::to_string(k), [&] { return device_row(k); });
    add("GPU " + std::to_string(k) + " kernels", [&] { return target_row(k); });
  }
  add("NVRTC", nvrtc_row);
  add("kernels ahead of time", ahead_row);
  return rows;
}

}  // namespace

void find_packages() {
  static bool done = false;
  if (done) return;
  const nb::object folders = nb::module_::import_("keopsnb._paths").attr("package_folders")();
  cuda::set_search_folders(nb::cast<std::vector<std::string>>(folders));
  done = true;
}

void bind_cuda(nb::module_& m) {
  m.def("cuda_info", &cuda_info, nb::sig("def cuda_info() -> dict[str, str]"),
        "Driver, GPUs and NVRTC, or what is wrong with them, as text.");
}

}  // namespace keopsnb
