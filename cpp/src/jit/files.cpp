#include "files.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace keopsnb::jit {
namespace fs = std::filesystem;
namespace {

struct Open {
  int fd;
  Open(const std::string& path, int flags, mode_t mode = 0) {
    do fd = open(path.c_str(), flags | O_CLOEXEC, mode);
    while (fd < 0 && errno == EINTR);
  }
  ~Open() {
    if (fd >= 0) close(fd);
  }
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;
};

void remove_stale(const std::string& folder) {
  const auto limit = fs::file_time_type::clock::now() - std::chrono::hours(24);
  for (const std::string& name : names_in(folder)) {
    std::error_code error;
    const fs::path path = fs::path(folder) / name;
    const auto changed = fs::last_write_time(path, error);
    if (!error && changed < limit) fs::remove_all(path, error);
  }
}

}  // namespace

void throw_errno(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

std::optional<std::string> read_file(const std::string& path) {
  const Open file(path, O_RDONLY);
  if (file.fd < 0) return std::nullopt;
  std::string bytes;
  struct stat info;
  if (fstat(file.fd, &info) == 0 && info.st_size > 0)
    bytes.reserve(static_cast<std::size_t>(info.st_size));
  char buffer[1 << 14];
  for (;;) {
    const ssize_t count = read(file.fd, buffer, sizeof buffer);
    if (count == 0) return bytes;
    if (count > 0)
      bytes.append(buffer, static_cast<std::size_t>(count));
    else if (errno != EINTR)
      return std::nullopt;
  }
}

void write_file(const std::string& path, std::string_view bytes) {
  const Open file(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file.fd < 0) throw_errno("cannot make " + path);
  while (!bytes.empty()) {
    const ssize_t count = write(file.fd, bytes.data(), bytes.size());
    if (count >= 0)
      bytes.remove_prefix(static_cast<std::size_t>(count));
    else if (errno != EINTR)
      throw_errno("cannot write " + path);
  }
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    names.push_back(at->path().filename().string());
  return names;
}

void make_folders(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0) return;
  struct stat info;
  if (errno == EEXIST && stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return;
  if (errno == EEXIST) errno = ENOTDIR;
  const std::size_t slash = path.rfind('/');
  if (errno != ENOENT || slash == 0 || slash == std::string::npos)
    throw_errno("cannot make the folder " + path);
  make_folders(path.substr(0, slash));
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    throw_errno("cannot make the folder " + path);
}

std::string distrust(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return "";
  if (info.st_uid != geteuid() && info.st_uid != 0)
    return "it belongs to user " + std::to_string(info.st_uid);
  if ((info.st_mode & 022) != 0) return "other users may write to it";
  return "";
}

bool may_execute(const std::string& path) {
  const Open file(path, O_RDONLY);
  if (file.fd < 0) return false;
  void* page = mmap(nullptr, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE, file.fd, 0);
  return page != MAP_FAILED && munmap(page, 1) == 0;
}

WorkFolder::WorkFolder(const std::string& parent) : path_(parent + "/XXXXXX") {
  remove_stale(parent);
  if (mkdtemp(path_.data()) == nullptr) throw_errno("cannot make a folder in " + parent);
}

WorkFolder::~WorkFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void WorkFolder::publish(const std::string& path, std::string_view bytes) const {
  make_folders(path.substr(0, path.rfind('/')));
  const std::string here = path_ + "/publish";
  write_file(here, bytes);
  if (rename(here.c_str(), path.c_str()) != 0) throw_errno("cannot make " + path);
}

bool WorkFolder::has_room(std::uint64_t bytes) const {
  try {
    write_file(path_ + "/room", std::string(bytes, '.'));
  } catch (const std::system_error&) {
    return false;
  }
  return unlink((path_ + "/room").c_str()) == 0;
}

}  // namespace keopsnb::jit
