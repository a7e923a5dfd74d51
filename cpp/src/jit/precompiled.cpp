#include "precompiled.hpp"

#include <unistd.h>

#include <atomic>
#include <system_error>

#include "digest.hpp"
#include "memo.hpp"

namespace keopsnb::jit {
namespace {

constexpr std::string_view precompiled_extension = ".hpp.gch";
constexpr int worthwhile = 4;  // kernels

// What is known of those of one store and compiler.
struct State {
  std::atomic<int> asked = 0;
  std::atomic<const std::string*> name = nullptr;  // kept for ever: a reader may hold it
};
std::atomic<bool> given_up = false;

// clang has them too, but ends with an error where they do not fit its flags.
bool reads_them(const HostCompiler& compiler) {
  return compiler.version.find("Free Software Foundation") != std::string::npos;
}

std::string precompiled_key(const HostCompiler& compiler) {
  Key key;
  key.field("keopsnb precompiled headers 1").field(headers_digest());
  key.field(compiler.version).field(join_words(compiler.command));
  return key.field(join_words(host_flags())).field(cpu_identity()).hex().substr(0, 40);
}

std::string make_precompiled(const Store& store, const WorkFolder& work, const std::string& key,
                             const HostCompiler& compiler, const Interrupt& interrupt) {
  const std::string source = work.path() + "/all.hpp", made = source + ".gch";
  write_file(source, "#include <keopsnb/kernel/cpu.hpp>\n");
  if (compile_headers(compiler, {source, made, store.headers(), work.path(), ""}, interrupt))
    return "";
  return store.publish_beside_headers(made, key, precompiled_extension);
}

}  // namespace

std::string precompiled_headers(const Store& store, const WorkFolder& work,
                                const HostCompiler& compiler, const Interrupt& interrupt) {
  if (given_up || !reads_them(compiler)) return "";
  static Memo<State> states;
  const std::string key = precompiled_key(compiler);
  State& state = states.get(store.headers() + '\n' + key, [] { return std::make_unique<State>(); });
  const std::string* known = state.name;
  if (known != nullptr && access((*known + ".gch").c_str(), R_OK) == 0) return *known;
  try {
    std::string path = store.find_beside_headers(key, precompiled_extension).value_or("");
    if (path.empty() && ++state.asked == worthwhile)
      path = make_precompiled(store, work, key, compiler, interrupt);
    if (path.empty()) return "";
    path.resize(path.size() - std::string_view(".gch").size());
    state.name = new std::string(path);
    return path;
  } catch (const std::system_error&) {  // no room, or no right to write: kernels do without
    return "";
  }
}

void refuse_precompiled() { given_up = true; }

}  // namespace keopsnb::jit
