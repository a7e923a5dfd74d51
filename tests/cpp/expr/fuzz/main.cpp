// Runs a fuzz target without libFuzzer: on its corpus, then on mutations of it.
//
//   parse_fuzz [inputs [seed]]
//
// The last input is shown where it ends the program, or takes seconds.
#include <sanitizer/common_interface_defs.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using std::string;

std::vector<string> corpus() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(FUZZ_CORPUS))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<string> all;
  for (const auto& file : files) {
    std::ifstream stream(file, std::ios::binary);
    all.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  return all;
}

class Mutation {
 public:
  Mutation(const std::vector<string>& seeds, unsigned seed) : seeds_(seeds), random_(seed) {}

  string operator()() {
    string text = any();
    for (std::size_t edits = 1 + below(5); edits > 0; --edits) edit(text);
    if (text.size() > longest) text.resize(longest);
    return text;
  }

 private:
  static constexpr std::size_t longest = 4096;

  std::size_t below(std::size_t n) { return random_() % n; }
  const string& any() { return seeds_[below(seeds_.size())]; }
  // A few bytes of some seed.
  string piece() {
    const string& from = any();
    return from.empty() ? "" : from.substr(below(from.size()), 1 + below(12));
  }

  void edit(string& text) {
    const std::size_t at = below(text.size() + 1), length = 1 + below(8);
    switch (below(7)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, 1, static_cast<char>(below(256)));
        break;
      case 2:
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
        break;
      case 3:
        text.insert(at, piece());
        break;
      case 4:
        text.replace(at, length, piece());
        break;
      case 5:  // the same again, many times: depth and length
        for (std::size_t n = below(60); n > 0; --n) text.insert(at, text.substr(at, length));
        break;
      default:
        text.resize(at);
    }
  }

  const std::vector<string>& seeds_;
  std::mt19937 random_;
};

const string* last = nullptr;

void show() {
  if (!last) return;
  std::fprintf(stderr, "the input was (without quotes, \\x: a byte)\n\"");
  for (const char c : *last)
    std::fprintf(stderr, c >= ' ' && c <= '~' && c != '\\' ? "%c" : "\\x%02X",
                 static_cast<unsigned char>(c));
  std::fprintf(stderr, "\"\n");
  last = nullptr;
}

void stop(int signal) {
  show();
  std::_Exit(128 + signal);
}

void run(const string& text) {
  last = &text;
  alarm(10);
  // Of its own, so that a byte read beyond the end is seen.
  const std::vector<std::uint8_t> bytes(text.begin(), text.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

}  // namespace

int main(int argc, char** argv) {
  const long inputs = argc > 1 ? std::atol(argv[1]) : 100000;
  const auto seed = static_cast<unsigned>(argc > 2 ? std::atol(argv[2]) : 1);
  std::signal(SIGALRM, stop);
  std::signal(SIGABRT, stop);
  __sanitizer_set_death_callback(show);
  const std::vector<string> seeds = corpus();
  for (const string& text : seeds) run(text);
  Mutation mutation(seeds, seed);
  for (long k = 0; k < inputs; ++k) {
    const string text = mutation();
    run(text);
  }
  std::printf("%zu inputs of the corpus and %ld mutations of seed %u\n", seeds.size(), inputs,
              seed);
  return seeds.empty() ? 1 : 0;
}
