// Keys, processes and the compiler; the cache, loading and folders have tests of their own.
#include <fcntl.h>
#include <signal.h>

#include <chrono>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <jit/digest.hpp>
#include <jit/errors.hpp>
#include <jit/headers.hpp>
#include <jit/host_compiler.hpp>
#include <jit/process.hpp>

#include "check.hpp"
#include "scratch.hpp"

using namespace keopsnb::jit;
using namespace std::chrono_literals;
using scratch::Variable;
using Clock = std::chrono::steady_clock;
using Words = std::vector<std::string>;

namespace {

void digests_are_blake2b() {
  // As another implementation has them, hashlib.blake2b(bytes, digest_size=32) of Python.
  CHECK(digest_of("") == "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
  CHECK(digest_of("abc") == "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
  CHECK(digest_of(std::string(128, 'a')) ==
        "ae2aa48507885c4c950fb809b2076f959cde9f8ea6da260d9a3587df33dac450");
  CHECK(digest_of(std::string(1'000'000, 'a')) ==
        "0741850f36cba4259628355d1073e24ddb9ca0e1bfac36fd39ae5dc2101e23a4");
  // The digest does not depend on how the bytes are cut, around the ends of blocks too.
  for (std::size_t size : {0, 1, 63, 64, 65, 127, 128, 129, 255, 256, 257, 1000})
    for (std::size_t step : {1, 7, 64, 128, 129}) {
      const std::string bytes(size, '\xc3');
      Digest digest;
      for (std::size_t at = 0; at < size; at += step) digest.update(bytes.substr(at, step));
      CHECK(digest.hex() == digest_of(bytes));
    }
}

// Different tuples have different keys, equal ones the same.
void keys_tell_tuples_apart() {
  const std::vector<Words> tuples = {
      {},      {""},        {"", ""},    {"ab", "c"},     {"a", "bc"},
      {"abc"}, {"abc", ""}, {"", "abc"}, {"a", "b", "c"}, {std::string("ab\0c", 4)}};
  std::set<std::string> keys;
  for (int round = 0; round < 2; ++round)
    for (const Words& tuple : tuples) {
      Key key;
      for (const std::string& field : tuple) key.field(field);
      keys.insert(key.hex());
    }
  CHECK(keys.size() == tuples.size());
}

void headers_are_embedded_byte_by_byte() {
  std::set<std::string_view> paths;
  for (const Header& header : embedded_headers()) paths.insert(header.path);
  CHECK(paths.size() == embedded_headers().size());
  CHECK(paths.contains("keopsnb/config.hpp") && paths.contains("keopsnb/ops.def"));
  const std::string root =
      std::string(__FILE__).substr(0, std::string(__FILE__).rfind('/')) + "/../../../cpp/include/";
  for (const Header& header : embedded_headers())
    CHECK(scratch::read(root + std::string(header.path)) == header.text);
  CHECK(headers_digest().size() == 64);
}

void words_are_split_as_a_shell_does() {
  const std::vector<std::pair<std::string, Words>> cases = {
      {"", {}},
      {"  \t ", {}},
      {"g++", {"g++"}},
      {"ccache g++  -m64 ", {"ccache", "g++", "-m64"}},
      {"'/a b/g++' -DX=\"1 2\"", {"/a b/g++", "-DX=1 2"}},
      {"a\\ b '' c\\\\d", {"a b", "", "c\\d"}},
      {"'a\\b' \"it's\"", {"a\\b", "it's"}}};
  for (const auto& [line, words] : cases) {
    CHECK(split_words(line) == words);
    CHECK(split_words(join_words(words)) == words);
  }
  // A shell makes the words of a joined line.
  const Words odd = {"a b", "$HOME", "it's", "", "*", "x;y", "\"q\""};
  CHECK(run_process({"/bin/sh", "-c", "printf '%s|' " + join_words(odd)}).output ==
        "a b|$HOME|it's||*|x;y|\"q\"|");
}

Finished shell(const std::string& line, const Interrupt& interrupt = {}) {
  return run_process({"/bin/sh", "-c", line}, {}, interrupt);
}

void processes_run_and_end() {
  const Finished good = shell("echo out; echo err >&2");
  CHECK(good.ok && good.output == "out\nerr\n");
  const Finished bad = shell("echo why; exit 3");
  CHECK(!bad.ok && bad.output == "why\n" && bad.status == "exit status 3");
  const Finished killed = shell("kill -9 $$");
  CHECK(!killed.ok && killed.status == "signal 9");
  // No deadlock on much more than a pipe holds; what is kept is limited.
  const Finished loud =
      shell("i=0; while [ $i -lt 3000 ]; do printf '%01000d' 7; i=$((i+1)); done");
  CHECK(loud.ok && loud.output.size() == std::size_t{1} << 20);
  CHECK(run_process({"/bin/sh", "-c", "echo $KEOPSNB_TEST"}, {{"KEOPSNB_TEST", "a b"}}).output ==
        "a b\n");
  CHECK_THROWS(std::system_error, "/no/such/program", run_process({"/no/such/program"}));
  // A server that the program left behind holds the pipe open.
  const auto start = Clock::now();
  CHECK(shell("sleep 20 & echo started").output == "started\n");
  CHECK(Clock::now() - start < 10s);
}

void processes_inherit_nothing_odd() {
  const int leaked = fcntl(1, F_DUPFD, 50);  // without O_CLOEXEC
  CHECK(shell("cat; ls /dev/fd | sort -n | tr '\\n' ' '").output.find("50") == std::string::npos);
  CHECK(shell("cat").output.empty());
  close(leaked);
#ifdef __linux__
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const auto pipe_before = signal(SIGPIPE, SIG_IGN);
  // Of the 31 standard signals; the C library keeps 32 and 33 for itself.
  const std::string status = shell("grep -E 'Sig(Blk|Ign)' /proc/self/status").output;
  signal(SIGPIPE, pipe_before);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  unsigned long long blocked = 1, ignored = 1;
  CHECK(std::sscanf(status.c_str(), "SigBlk: %llx SigIgn: %llx", &blocked, &ignored) == 2);
  CHECK(((blocked | ignored) & 0x7fffffff) == 0);
#endif
  // With the standard streams closed, and with children that the system reaps by itself.
  CHECK(scratch::in_child([] {
    for (int fd : {0, 1, 2}) close(fd);
    return shell("echo still; echo fine >&2").output == "still\nfine\n";
  }));
  CHECK(scratch::in_child([] {
    signal(SIGCHLD, SIG_IGN);
    return shell("echo reaped").output == "reaped\n";
  }));
}

void an_interrupt_ends_all_of_it() {
  const scratch::Folder folder;
  const auto start = Clock::now();
  const std::string line =
      "(sleep 2; touch " + (folder / "late") + ") & touch " + (folder / "begun") + "; wait";
  CHECK_THROWS(Interrupted, "interrupted",
               shell(line, [&] { return access((folder / "begun").c_str(), F_OK) == 0; }));
  CHECK(Clock::now() - start < 1500ms);
  CHECK(waitpid(-1, nullptr, WNOHANG) < 0);  // reaped
  std::this_thread::sleep_until(start + 2500ms);
  CHECK(access((folder / "late").c_str(), F_OK) != 0);  // its own child was ended, too
  // A handled signal (SIGALRM here) does not disturb the wait.
  struct sigaction quiet = {}, before;
  quiet.sa_handler = [](int) {};
  sigaction(SIGALRM, &quiet, &before);
  ualarm(10'000, 10'000);
  CHECK(shell("sleep 0.3; echo done").output == "done\n");
  ualarm(0, 0);
  sigaction(SIGALRM, &before, nullptr);
}

void the_compiler_is_found_in_order() {
  const scratch::Folder folder;
  const auto fake = [&](const std::string& name) {
    return scratch::script(folder / name, "echo " + name + " 1.0 \"$@\"");
  };
  fake("clang++");
  Variable path("PATH", folder.path), own("KEOPSNB_CXX", nullptr), usual("CXX", nullptr);
  CHECK(host_compiler().command == Words{folder / "clang++"});
  CHECK(host_compiler().version == "clang++ 1.0 --version\n");
  fake("c++");
  CHECK(host_compiler().command == Words{folder / "clang++"});  // found once
  fake("mine");
  {
    Variable set("CXX", "mine -m64 '-DA=b c'");
    CHECK(host_compiler().command == Words{folder / "mine", "-m64", "-DA=b c"});
    CHECK(host_compiler().version == "mine 1.0 -m64 -DA=b c --version\n");
    Variable over("KEOPSNB_CXX", (folder / "c++") + " -g");
    CHECK(host_compiler().command == Words{folder / "c++", "-g"});
  }
  {
    Variable set("CXX", "no-such-compiler");
    CHECK(host_compiler().command == Words{folder / "c++"});
  }
  {
    Variable set("KEOPSNB_CXX", "no-such-compiler");
    CHECK_THROWS(CompileError, "KEOPSNB_CXX=no-such-compiler (no such program on PATH)",
                 host_compiler());
  }
  {
    Variable set("KEOPSNB_CXX", scratch::script(folder / "broken", "exit 4"));
    CHECK_THROWS(CompileError, "--version ended with exit status 4", host_compiler());
  }
  const scratch::Folder empty;
  Variable nothing("PATH", empty.path);
  for (const char* words : {"apt install g++", "KEOPSNB_CXX", "c++ (no such", "clang++ (no such"})
    CHECK_THROWS(CompileError, words, host_compiler());
  scratch::script(empty / "g++", "echo later");  // a failure is not remembered
  CHECK(host_compiler().command == Words{empty / "g++"});
}

const char* const good_source =
    "extern \"C\" [[gnu::visibility(\"default\")]] int one() { return 1; }";

std::optional<Refusal> compile_text(const scratch::Folder& folder, const std::string& text,
                                    const std::string& flags = "") {
  scratch::write(folder / "a.cpp", text);
  std::filesystem::remove(folder / "a.so");
  return compile_shared(host_compiler(),
                        {folder / "a.cpp", folder / "a.so", "", folder.path, flags}, {});
}

void flags_are_given_up_when_refused() {
  const scratch::Folder folder;
  const std::string real = host_compiler().command[0];
  CHECK(!compile_text(folder, good_source));
  const auto refusal = compile_text(folder, "int f( { return 1; }");
  CHECK(refusal && refusal->log.find("error") != std::string::npos);
  CHECK(refusal && refusal->command.starts_with(real) && refusal->status == "exit status 1");
  CHECK(compile_text(folder, good_source, "-no-such-flag-at-all").has_value());
  CHECK(!compile_text(folder, "static_assert(WIDTH == 3 + 1);", "-DWIDTH='3 + 1'"));

  // Compilers that know nothing of this CPU, or of linking without the C++ library.
  for (const char* unknown : {"-m*=native", "-nostdlib"}) {
    const std::string log = folder / "calls";
    std::filesystem::remove(log);
    Variable set("KEOPSNB_CXX",
                 scratch::script(folder / ("cxx" + std::string(unknown).substr(1, 1)),
                                 "echo call >> " + log + "; for a; do case $a in " + unknown +
                                     ") exit 1;; esac; done; exec " + real + " \"$@\""));
    CHECK(!compile_text(folder, good_source));
    CHECK(access((folder / "a.so").c_str(), R_OK) == 0);
    scratch::write(log, "");
    CHECK(!compile_text(folder, good_source));  // known now: no second attempt
    CHECK(scratch::read(log) == "call\n");
  }
}

}  // namespace

int main() {
  digests_are_blake2b();
  keys_tell_tuples_apart();
  headers_are_embedded_byte_by_byte();
  words_are_split_as_a_shell_does();
  processes_run_and_end();
  processes_inherit_nothing_odd();
  an_interrupt_ends_all_of_it();
  the_compiler_is_found_in_order();
  flags_are_given_up_when_refused();
  return report("jit");
}
