#include "process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "errors.hpp"
#include "files.hpp"

extern char** environ;

namespace keopsnb::jit {
namespace {

constexpr std::size_t log_limit = 1 << 20;
constexpr int poll_milliseconds = 25;

[[noreturn]] void fail(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

struct Descriptor {
  int fd = -1;
  Descriptor() = default;
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  void close() {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
};

struct Pipe {
  Descriptor read, write;
  Pipe() {
    int ends[2];
    if (pipe(ends) != 0) fail(errno, "cannot make a pipe");
    // Above 2 even where the application closed its standard streams: the child renumbers.
    read.fd = fcntl(ends[0], F_DUPFD_CLOEXEC, 3);
    write.fd = fcntl(ends[1], F_DUPFD_CLOEXEC, 3);
    for (int end : ends) ::close(end);
    if (read.fd < 0 || write.fd < 0) fail(EMFILE, "cannot make a pipe");
    fcntl(read.fd, F_SETFL, O_NONBLOCK);
  }
};

// Descriptors of the child: /dev/null, the pipe twice, and nothing else of ours. Those that some
// library opened without O_CLOEXEC are closed one by one (closefrom is too young to rely on).
class FileActions {
 public:
  explicit FileActions(int output) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, output, 1);
    posix_spawn_file_actions_adddup2(&actions_, output, 2);
    for (const std::string& name : names_in("/dev/fd")) {
      const int fd = std::atoi(name.c_str());
      const int flags = fd > 2 ? fcntl(fd, F_GETFD) : -1;
      if (flags >= 0 && (flags & FD_CLOEXEC) == 0) posix_spawn_file_actions_addclose(&actions_, fd);
    }
  }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

// Default handlers, nothing blocked, and a process group of its own: a compiler is several
// processes, which are ended together, and a Ctrl-C at the terminal is ours to pass on.
class Attributes {
 public:
  Attributes() {
    posix_spawnattr_init(&attributes_);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    sigdelset(&all, SIGKILL);
    sigdelset(&all, SIGSTOP);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

// A child that is ended and reaped on every way out.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  ~Child() {
    if (pid_ == 0) return;
    kill(-pid_, SIGKILL);
    wait(0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // True once it has ended; `options` as for waitpid. Where the application reaps all children
  // itself (ECHILD) the status is lost: it counts as a success, and the result speaks for itself.
  bool wait(int options) {
    if (pid_ == 0) return true;
    pid_t got;
    do got = waitpid(pid_, &status_, options);
    while (got < 0 && errno == EINTR);
    if (got == 0) return false;
    if (got < 0) status_ = 0;
    pid_ = 0;
    return true;
  }
  int status() const { return status_; }

 private:
  pid_t pid_;
  int status_ = 0;
};

// Appends what there is to read; false at the end of the stream.
bool drain(int fd, std::string& output) {
  char buffer[8192];
  for (;;) {
    const ssize_t count = read(fd, buffer, sizeof buffer);
    if (count == 0) return false;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    const std::size_t room = log_limit - std::min(log_limit, output.size());
    output.append(buffer, std::min(static_cast<std::size_t>(count), room));
  }
}

std::vector<std::string> merged(const std::vector<std::pair<std::string, std::string>>& changes) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('='));
    if (std::none_of(changes.begin(), changes.end(), [&](auto& c) { return c.first == name; }))
      all.emplace_back(text);
  }
  for (const auto& [name, value] : changes) all.push_back(name + "=" + value);
  return all;
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (const std::string& text : strings) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

bool is_program(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && access(path.c_str(), X_OK) == 0;
}

}  // namespace

Finished run_process(const std::vector<std::string>& argv,
                     const std::vector<std::pair<std::string, std::string>>& environment,
                     const Interrupt& interrupt) {
  Pipe pipe;
  const FileActions actions(pipe.write.fd);
  const Attributes attributes;
  const std::vector<std::string> variables = merged(environment);
  pid_t pid;
  if (int error = posix_spawn(&pid, argv[0].c_str(), actions.get(), attributes.get(),
                              pointers(argv).data(), pointers(variables).data()))
    fail(error, "cannot start " + argv[0]);
  Child child(pid);
  pipe.write.close();

  // The stream may end before the child, or after it: a server it left behind (as some compiler
  // caches do) can hold the other end open for ever. So the child's end is what counts.
  Finished result;
  for (bool open = true;;) {
    pollfd event{pipe.read.fd, POLLIN, 0};
    if (open) {
      poll(&event, 1, poll_milliseconds);
      open = drain(pipe.read.fd, result.output);
    }
    if (child.wait(WNOHANG)) break;
    if (interrupt && interrupt()) throw Interrupted();
    if (!open) {
      const timespec moment{0, 500'000};
      nanosleep(&moment, nullptr);
    }
  }
  drain(pipe.read.fd, result.output);

  const int status = child.status();
  result.ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  result.status = WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                                      : "exit status " + std::to_string(WEXITSTATUS(status));
  return result;
}

std::string environment_variable(const char* name) {
  const char* text = std::getenv(name);
  return text != nullptr ? text : "";
}

std::vector<std::string> split_words(const std::string& line) {
  std::vector<std::string> words;
  bool inside = false;
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote == 0 && (c == ' ' || c == '\t' || c == '\n')) {
      inside = false;
      continue;
    }
    if (!std::exchange(inside, true)) words.emplace_back();
    if (c == quote)
      quote = 0;
    else if (quote == 0 && (c == '\'' || c == '"'))
      quote = c;
    else if (c == '\\' && quote != '\'' && i + 1 < line.size())
      words.back() += line[++i];
    else
      words.back() += c;
  }
  return words;
}

std::string join_words(const std::vector<std::string>& words) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
  std::string line;
  for (const std::string& word : words) {
    if (!line.empty()) line += ' ';
    if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) {
      line += word;
      continue;
    }
    line += '\'';
    for (char c : word) line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += '\'';
  }
  return line;
}

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    std::error_code error;
    const std::string path = std::filesystem::absolute(name, error);
    return !error && is_program(path) ? path : "";
  }
  const char* list = std::getenv("PATH");  // which is another thing unset than empty
  std::string_view rest = list != nullptr ? list : "/usr/local/bin:/usr/bin:/bin";
  while (!name.empty()) {
    const std::size_t colon = rest.find(':');
    const std::string folder(rest.substr(0, colon));
    // Relative entries, the empty one among them, would make the working folder run programs.
    if (folder.starts_with('/') && is_program(folder + "/" + name)) return folder + "/" + name;
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
  }
  return "";
}

}  // namespace keopsnb::jit
