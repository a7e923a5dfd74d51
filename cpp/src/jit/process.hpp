// Runs a program: argv, never a shell.
#pragma once
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace keopsnb::jit {

// Polled about every 25 ms while a compiler runs; true ends the wait (Ctrl-C was pressed).
using Interrupt = std::function<bool()>;

struct Finished {
  bool ok = false;     // exited with status 0
  std::string status;  // "exit status 1", "signal 9": completes the sentence "it ended with ..."
  std::string output;  // stdout and stderr, interleaved; the first MiB of it
};

// The child starts with default signals, no descriptor beyond 0, 1 and 2, and `environment` set on
// top of ours. Throws std::system_error when argv[0] cannot be started, and Interrupted.
Finished run_process(const std::vector<std::string>& argv,
                     const std::vector<std::pair<std::string, std::string>>& environment = {},
                     const Interrupt& interrupt = {});

// A variable of the environment; "" if it is not set.
std::string environment_variable(const char* name);

// The words of a command line, as a shell splits simple ones: blanks, '...', "..." and backslash.
std::vector<std::string> split_words(const std::string& line);

// The inverse, for messages: a line that can be pasted into a shell.
std::string join_words(const std::vector<std::string>& words);

// The executable a name stands for: itself if it holds a slash, else the first on PATH; or "".
std::string find_program(const std::string& name);

}  // namespace keopsnb::jit
