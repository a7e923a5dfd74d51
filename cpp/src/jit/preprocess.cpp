#include "preprocess.hpp"

#include <memory>
#include <system_error>

#include "cache.hpp"
#include "digest.hpp"
#include "errors.hpp"
#include "host_compiler.hpp"
#include "memo.hpp"

namespace keopsnb::jit {
namespace {

constexpr std::string_view cached_as = ".ii";

std::optional<std::string> preprocess(const std::string& source, const std::string& mark,
                                      const HostCompiler& compiler) {
  Cache& cache = Cache::current();
  const std::string key = Key()
                              .field("keopsnb preprocessed 1")
                              .field(source)
                              .field(headers_digest())
                              .field(compiler.version)
                              .field(join_words(compiler.command))
                              .hex();
  if (const auto path = cache.find(key, cached_as)) return read_file(*path);
  const Store store = cache.writable();
  const std::unique_ptr<WorkFolder> work = store.work();
  const std::string file = work->path() + "/header.cpp", made = work->path() + "/header.ii";
  write_file(file, source);
  store.mend_headers(*work);
  std::vector<std::string> argv = compiler.command;
  argv.insert(argv.end(), {"-std=c++20", "-w", "-E", "-I", store.headers(), "-o", made, file});
  if (!run_process(argv, {{"LC_ALL", "C"}, {"TMPDIR", work->path()}}).ok) return std::nullopt;
  const std::string text = read_file(made).value_or("");
  const std::size_t at = text.find(mark);
  if (at == std::string::npos) return std::nullopt;
  const std::string rest = text.substr(at + mark.size());
  write_file(made, rest);
  store.publish(made, key, cached_as);
  return rest;
}

}  // namespace

std::optional<std::string> preprocessed(const std::string& source, const std::string& mark) {
  static Memo<std::string> known;
  try {
    const HostCompiler& compiler = host_compiler();
    const std::string key = join_words(compiler.command) + '\n' + source;
    if (const std::string* text = known.find(key)) return *text;
    std::optional<std::string> text = preprocess(source, mark, compiler);
    if (text) known.get(key, [&] { return std::make_unique<std::string>(*text); });
    return text;
  } catch (const CompileError&) {  // there is no compiler
  } catch (const CacheError&) {
  } catch (const std::system_error&) {
  }
  return std::nullopt;
}

}  // namespace keopsnb::jit
