// The whole of a test framework: CHECK counts, report() is main's result.
#pragma once
#include <atomic>
#include <cstdio>
#include <string>

inline std::atomic<int> checks_failed = 0;
inline std::atomic<int> checks_made = 0;

#define CHECK(...)                                                                  \
  do {                                                                              \
    ++checks_made;                                                                  \
    if (!(__VA_ARGS__)) {                                                           \
      ++checks_failed;                                                              \
      std::fprintf(stderr, "%s:%d: false: %s\n", __FILE__, __LINE__, #__VA_ARGS__); \
    }                                                                               \
  } while (false)

// The expression throws an Error whose text holds every word after it; for tests of messages.
#define CHECK_THROWS(Error, words, ...)                                                  \
  do {                                                                                   \
    ++checks_made;                                                                       \
    const char* found = "nothing was thrown";                                            \
    std::string text;                                                                    \
    try {                                                                                \
      __VA_ARGS__;                                                                       \
    } catch (const Error& error) {                                                       \
      text = error.what();                                                               \
      found = text.find(words) != std::string::npos ? nullptr : text.c_str();            \
    }                                                                                    \
    if (found) {                                                                         \
      ++checks_failed;                                                                   \
      std::fprintf(stderr, "%s:%d: %s should say \"%s\", but: %s\n", __FILE__, __LINE__, \
                   #__VA_ARGS__, words, found);                                          \
    }                                                                                    \
  } while (false)

inline int report(const char* name) {
  std::printf("%s: %d checks, %d failed\n", name, checks_made.load(), checks_failed.load());
  return checks_failed == 0 && checks_made > 0 ? 0 : 1;
}
