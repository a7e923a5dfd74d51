#include "host_compiler.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <system_error>

#include "errors.hpp"
#include "memo.hpp"

namespace keopsnb::jit {
namespace {

using Words = std::vector<std::string>;

// These lists are never destroyed: threads may still compile while the process ends.
const Words& code_flags =
    *new Words{"-std=c++20", "-O2", "-fPIC", "-fvisibility=hidden",
               // Values are kept: NaN, infinities and the order of sums.
               "-fno-math-errno", "-fno-trapping-math", "-fno-signed-zeros", "-ffp-contract=fast",
               // No C++ run-time library is needed.
               "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics", "-w"};

// One way to call the compiler. `libraries` come after the source.
struct Way {
  Words flags, libraries;
};

// From the wanted way to the one that always works. Leaving the C++ library and the start files out
// saves 20 ms of 70 (g++ 12) and 75 of 200 (clang 14); libgcc holds the conversions of float16.
const std::vector<Way>& ways() {
  static const auto& list = *new std::vector<Way>([] {
#if defined(__x86_64__) || defined(__i386__)
    const std::vector<Words> targets = {{"-march=native"}, {}};
#else
    const std::vector<Words> targets = {{"-mcpu=native"}, {"-march=native"}, {}};
#endif
    std::vector<Way> all;
    for (const Words& target : targets) {
#ifndef __APPLE__
      all.push_back({target, {"-nostdlib", "-lm", "-lgcc"}});
#endif
      all.push_back({target, {}});
    }
    return all;
  }());
  return list;
}

void append(Words& words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
}

std::optional<Refusal> compile_with(const Way& way, const HostCompiler& compiler,
                                    const Compilation& job, const Interrupt& interrupt,
                                    Product product = Product::object) {
  Words argv = compiler.command;
  append(argv, code_flags);
  // A formula is one expression, and clang's limit is 256 parentheses inside one another.
  if (compiler.version.find("clang") != std::string::npos) append(argv, {"-fbracket-depth=2048"});
  append(argv, way.flags);
  append(argv, split_words(job.flags));
  if (!job.include_folder.empty()) append(argv, {"-I", job.include_folder});
  if (!job.precompiled.empty()) append(argv, {"-include", job.precompiled});
  if (product == Product::headers) {
    append(argv, {"-x", "c++-header", "-o", job.object, job.source});
  } else {
    append(argv, {"-shared", "-o", job.object, job.source});
    append(argv, way.libraries);
  }
  const std::string command = join_words(argv);
  try {
    const Finished end =
        run_process(argv, {{"LC_ALL", "C"}, {"TMPDIR", job.temporary_folder}}, interrupt);
    if (end.ok && access(job.object.c_str(), R_OK) == 0) return std::nullopt;
    return Refusal{command, end.status, end.output};
  } catch (const std::system_error& error) {
    return Refusal{command, "no start", error.what()};
  }
}

// Index of the first way in which a source text with nothing in it compiles; 0 if there is none.
std::size_t first_working_way(const HostCompiler& compiler, const Compilation& job,
                              const Interrupt& interrupt) {
  Compilation probe = job;
  probe.source = job.temporary_folder + "/probe.cpp";
  probe.object = job.temporary_folder + "/probe.so";
  std::ofstream(probe.source) << "extern \"C\" int keopsnb_probe;\nint keopsnb_probe = 1;\n";
  for (std::size_t way = 0; way < ways().size(); ++way)
    if (!compile_with(ways()[way], compiler, probe, interrupt)) return way;
  return 0;
}

// Of a log too long to be shown, the lines from the first error on.
std::string excerpt(const std::string& log, std::size_t limit) {
  if (log.size() <= limit) return log;
  std::size_t begin = std::string::npos;
  for (const char* sign : {"error", "Error", "undefined reference", "cannot "})
    begin = std::min(begin, log.find(sign));
  begin = begin == std::string::npos ? 0 : log.rfind('\n', begin) + 1;
  return log.substr(begin, limit) + "\n[the rest is in the field log]";
}

// The compiler that a command line names, or nothing and the reason in `tried`.
std::unique_ptr<HostCompiler> examine(const std::string& line, const std::string& name,
                                      std::string& tried, std::string& log) {
  const auto reject = [&](const std::string& reason) {
    tried += (tried.empty() ? "" : "; ") + name + " (" + reason + ")";
    return nullptr;
  };
  auto compiler = std::make_unique<HostCompiler>(HostCompiler{split_words(line), ""});
  if (compiler->command.empty()) return reject("it is blank");
  std::string& program = compiler->command[0];
  const std::string path = find_program(program);
  if (path.empty())
    return reject(program.find('/') == std::string::npos ? "no such program on PATH"
                                                         : "there is no program of that name");
  program = path;
  Words argv = compiler->command;
  argv.push_back("--version");
  try {
    const Finished end = run_process(argv, {{"LC_ALL", "C"}});
    if (!end.ok) {
      const std::string words =
          excerpt(end.output.substr(0, end.output.find_last_not_of(" \n") + 1), 1000);
      log = end.output;
      return reject("--version ended with " + end.status +
                    (words.empty() ? ", and printed nothing" : ":\n" + words + "\n"));
    }
    compiler->version = end.output;
  } catch (const std::system_error& error) {
    return reject(error.what());
  }
  return compiler;
}

std::unique_ptr<HostCompiler> search() {
  std::string tried, log;
  const std::string own = environment_variable("KEOPSNB_CXX"), usual = environment_variable("CXX");
  if (!own.empty()) {
    if (auto found = examine(own, "KEOPSNB_CXX=" + own, tried, log)) return found;
    throw CompileError("The C++ compiler that KEOPSNB_CXX names cannot be used: " + tried +
                           ". Set KEOPSNB_CXX to a working command, such as g++ or "
                           "/usr/bin/clang++, or unset it.",
                       own, log, "");
  }
  if (!usual.empty())
    if (auto found = examine(usual, "CXX=" + usual, tried, log)) return found;
  for (const char* name : {"c++", "g++", "clang++"})
    if (auto found = examine(name, name, tried, log)) return found;
  throw CompileError(
      "No C++ compiler was found. Tried: " + tried +
          ". Install one (Debian and Ubuntu: apt install g++; Fedora: dnf install gcc-c++; macOS: "
          "xcode-select --install; conda: conda install cxx-compiler), or set KEOPSNB_CXX or CXX "
          "to its command.",
      "", log, "");
}

}  // namespace

const HostCompiler& host_compiler() {
  static Memo<HostCompiler> found;
  std::string key;
  for (const char* name : {"KEOPSNB_CXX", "CXX", "PATH"}) key += environment_variable(name) + '\n';
  return found.get(key, search);
}

std::vector<std::string> host_flags() {
  Words flags = code_flags;
  append(flags, ways()[0].flags);
  append(flags, ways()[0].libraries);
  return flags;
}

// The headers' own message about a formula that they refuse, among all that a compiler says; or "".
std::string own_words(const std::string& log) {
  const std::size_t begin = log.find("keopsnb: ");
  if (begin == std::string::npos) return "";
  return "\n" + log.substr(begin, log.find('\n', begin) - begin);
}

void throw_refused(const Refusal& refusal, const std::string& source, const std::string& log) {
  throw CompileError("The C++ compiler did not accept the source of a kernel (it ended with " +
                         refusal.status + ")." + own_words(refusal.log) +
                         "\nCommand: " + refusal.command + "\nSource: " + source + "\nLog: " + log +
                         "\n" + excerpt(refusal.log, 4000),
                     refusal.command, refusal.log, source);
}

std::optional<Refusal> compile_as_wanted(const HostCompiler& compiler, const Compilation& job,
                                         Product product, const Interrupt& interrupt) {
  return compile_with(ways()[0], compiler, job, interrupt, product);
}

std::optional<Refusal> compile_shared(const HostCompiler& compiler, const Compilation& job,
                                      const Interrupt& interrupt) {
  // The way that works is looked for only when the wanted one failed, and once per compiler.
  static Memo<std::size_t> working;
  const std::string name = join_words(compiler.command) + '\n' + job.flags;
  const std::size_t last = ways().size() - 1;
  const std::size_t* known = working.find(name);
  std::size_t way = known != nullptr ? *known : 0;
  std::optional<Refusal> refusal = compile_with(ways()[way], compiler, job, interrupt);
  if (refusal && known == nullptr) {
    const std::size_t found = working.get(name, [&] {
      return std::make_unique<std::size_t>(first_working_way(compiler, job, interrupt));
    });
    if (found != way) refusal = compile_with(ways()[way = found], compiler, job, interrupt);
  }
  // Then flags are not to blame, but an assembler may be too old for an instruction of this CPU.
  if (refusal && way != last) refusal = compile_with(ways()[last], compiler, job, interrupt);
  return refusal;
}

}  // namespace keopsnb::jit
