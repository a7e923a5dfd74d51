#include "ahead.hpp"

#include <algorithm>
#include <stdexcept>
#include <system_error>

#include "digest.hpp"
#include "headers.hpp"
#include "host_compiler.hpp"

namespace keopsnb::jit {
namespace {

// CPUs an object can be for.
struct Level {
  std::string name, flags;
  bool runs;  // here
};

const std::vector<Level>& levels() {
  static const auto& list = *new std::vector<Level>([] {
    std::vector<Level> all = {{"native", "", true}};
#ifdef __x86_64__
    // These tell the levels apart; a CPU that has them has the rest.
    const bool v2 = __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");
    const bool v3 = v2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("bmi2");
    const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl");
    for (const auto& [name, runs] : {std::pair{"x86-64-v4", v4}, std::pair{"x86-64-v3", v3},
                                     std::pair{"x86-64-v2", v2}, std::pair{"x86-64", true}})
      all.push_back({name, std::string("-march=") + name + " -mtune=generic", runs});
#endif
    return all;
  }());
  return list;
}

const Level& level_of(const std::string& target) {
  const std::string name = target == "cpu" ? "native" : target;
  const auto found = std::ranges::find(levels(), name, &Level::name);
  if (found != levels().end()) return *found;
  std::string names = "'cpu'";
  for (const Level& level : levels()) names += ", '" + level.name + "'";
  throw std::invalid_argument("target is '" + target + "'; write one of " + names +
                              " for a CPU, or 'sm_90' (machine code) or 'compute_80' (for that "
                              "architecture and later ones) and the like for a GPU.");
}

std::string key_of(const std::string& source, const Level& level) {
  Key key;
  key.field("keopsnb host kernel 1").field(source).field(headers_digest());
  return key.field(level.name == "native" ? cpu_identity() : level.name).hex();
}

std::string build_in(const Store& store, const std::string& source, const Level& level,
                     const Interrupt& interrupt) {
  const std::unique_ptr<WorkFolder> work = store.work();
  const std::string &here = work->path(), include = here + "/include";
  const std::string file = here + "/kernel.cpp", made = here + "/kernel.so";
  const std::string key = key_of(source, level);
  write_file(file, source);
  for (const Header& header : embedded_headers())
    work->publish(include + "/" + std::string(header.path), header.text);
  if (const auto refusal =
          compile_shared(host_compiler(), {file, made, include, here, level.flags}, interrupt))
    throw_refused(*refusal, store.keep_failed(*work, key.substr(0, 16) + ".cpp", source),
                  store.keep_failed(*work, key.substr(0, 16) + ".log", refusal->log));
  return store.publish(made, key, library_extension);
}

}  // namespace

std::vector<Store> ahead_stores() {
  std::vector<Store> stores;
  const std::string list = environment_variable("KEOPSNB_KERNEL_PATH");
  std::string_view rest = list;
  while (!rest.empty()) {
    const std::size_t colon = std::min(rest.find(':'), rest.size());
    const std::string folder(rest.substr(0, colon));
    rest.remove_prefix(std::min(colon + 1, rest.size()));
    if (folder.empty()) continue;
    if (const std::string fault = distrust(folder); !fault.empty())
      throw CacheError("The folder " + folder +
                       ", which KEOPSNB_KERNEL_PATH names, cannot be used: " + fault +
                       ". What it holds is run as machine code, so only you or root may "
                       "write to it. Make it so, or take it out of KEOPSNB_KERNEL_PATH.");
    stores.emplace_back(folder);
  }
  return stores;
}

std::shared_ptr<const Library> find_ahead(const std::string& source) {
  const std::vector<Store> stores = ahead_stores();
  if (stores.empty()) return nullptr;
  for (const Level& level : levels()) {
    if (!level.runs) continue;
    const std::string key = key_of(source, level);
    for (const Store& store : stores)
      if (const auto path = store.find(key, library_extension)) try {
          return std::make_shared<const Library>(*path);
        } catch (const CompileError&) {  // whole, but not for this system
        }
  }
  return nullptr;
}

std::string build(const std::string& source, const std::string& target, const std::string& folder,
                  const Interrupt& interrupt) {
  const Level& level = level_of(target);
  try {
    return build_in(Store(folder), source, level, interrupt);
  } catch (const std::system_error& error) {
    throw CacheError("The kernel cannot be kept in the folder " + folder + ": " + error.what() +
                     ". Name a folder that you can write to.");
  }
}

}  // namespace keopsnb::jit
