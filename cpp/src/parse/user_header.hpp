// What a header of the user's defines: operations and reductions (keopsnb/user.hpp).
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

// Reads the rows KEOPSNB_..._OPERATION and KEOPSNB_REDUCTION of a C++ text, leaving out comments
// and strings. Throws std::invalid_argument on a row that cannot be understood.
UserHeader read_user_header(const std::string& text);

}  // namespace keopsnb::parse
