// A C++ text as this machine's preprocessor leaves it.
#pragma once
#include <optional>
#include <string>

namespace keopsnb::jit {

// A source text from the word `mark` in it on, once the headers are included, conditions are
// decided and macros replaced. Kept in the cache on disk. Nothing where there is no compiler, or it
// refuses the text: it will be refused with a message when it is compiled.
std::optional<std::string> preprocessed(const std::string& source, const std::string& mark);

}  // namespace keopsnb::jit
