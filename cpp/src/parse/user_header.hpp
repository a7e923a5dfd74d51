// Operations and reductions that a header of the user's defines (keopsnb/user.hpp).
#pragma once
#include <string>
#include <vector>

#include "formula.hpp"

namespace keopsnb::parse {

struct UserReduction {
  std::string name, call;
  bool values = true, indices = false;
};

struct UserHeader {
  std::vector<UserOperation> operations;
  std::vector<UserReduction> reductions;
};

// The header as a program in which the macros of rows are undefined behind the word `rows_begin`: a
// preprocessor leaves the rows as they are, those that macros of the user's make too.
inline constexpr const char* rows_begin = "keopsnb_rows_begin";
std::string with_bare_rows(const std::string& header);

// Reads the rows KEOPSNB_..._OPERATION and KEOPSNB_REDUCTION of a C++ text, which may have been
// preprocessed; if not, the lines of directives are left out. Throws std::invalid_argument on a row
// that cannot be understood.
UserHeader read_user_header(const std::string& text);

}  // namespace keopsnb::parse
