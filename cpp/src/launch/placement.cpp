#include "launch/placement.hpp"

#include <algorithm>

namespace keopsnb {
std::string backend_names() {
  std::string names;
  for (const Backend& backend : backends)
    names += (names.empty() ? "'" : ", '") + std::string(backend.name) + "'";
  return names;
}

Placement choose_placement(const Routine& routine, std::span<const ArrayView> arguments,
                           const Request& request) {
  const Backend& backend = request.backend;
  const auto called = [&] { return "backend='" + std::string(backend.name) + "'"; };
  const auto is_on = [&](std::size_t k) {
    return routine.argument_name(k) + " is on " + device_text(arguments[k].device);
  };
  const int wanted = request.device_id;
  if (wanted < -1)
    throw std::invalid_argument("device_id is " + std::to_string(wanted) +
                                "; write the number of a GPU, from 0, or -1 for that of the "
                                "arguments.");

  const int from = arguments.empty() ? host_device : arguments[0].device;
  for (std::size_t k = 1; k < arguments.size(); ++k)
    if (arguments[k].device != from)
      throw ArgumentTypeError(is_on(k) + ", and " + is_on(0) + "; all " + ArgumentNames::plural() +
                              " must be on one device: write .to(...) for one.");

  if (from != host_device && !backend.gpu)
    throw ArgumentTypeError(is_on(0) + ", and backend is 'CPU'; write .cpu(), or backend='GPU'.");
  if (from != host_device && !backend.takes_device)
    throw ArgumentTypeError(is_on(0) + ", and " + called() +
                            " takes arguments from host memory; write backend='GPU'.");
  if (from == host_device && !backend.takes_host)
    throw ArgumentTypeError(
        (arguments.empty() ? "There is no argument"
                           : routine.argument_name(0) + " is in host memory") +
        ", and " + called() + " takes CUDA tensors; write " +
        (request.to_device.empty() ? "" : std::string(request.to_device) + ", or ") +
        "backend='GPU', which copies arguments to the GPU and the result back.");
  if (from != host_device && wanted != -1 && wanted != from)
    throw ArgumentTypeError(is_on(0) + ", and device_id is " + std::to_string(wanted) +
                            "; leave it out, or write .to('cuda:" + std::to_string(wanted) + "').");

  if (from != host_device) return {from, false};
  if (!backend.cpu) return {std::max(wanted, 0), true};
  return {};
}

}  // namespace keopsnb
