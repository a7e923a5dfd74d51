// A fault of a node that is being made, as data: who makes it knows what its operands are
// called, and words it.
#pragma once
#include <functional>
#include <string>
#include <vector>

namespace keopsnb::expr {

// The part of a node that a message points at.
enum class At { whole, operation, operand };

class Misfit {
 public:
  explicit Misfit(At where, int which = -1) : at(where), operand(which) {}

  // Text, and names that are not known yet.
  Misfit& say(std::string text) & {
    pieces_.push_back({Piece::text, -1, std::move(text)});
    return *this;
  }
  Misfit& say_operand(int k) & {
    pieces_.push_back({Piece::operand, k, {}});
    return *this;
  }
  Misfit& say_operation(const char* name) & {
    pieces_.push_back({Piece::operation, -1, name});
    return *this;
  }

  // The message, with names for operands and for an operation that has the given one.
  std::string worded(const std::function<std::string(int)>& operand_name,
                     const std::function<std::string(const std::string&)>& operation_name) const {
    std::string all;
    for (const auto& [kind, k, text] : pieces_)
      all += kind == Piece::text      ? text
             : kind == Piece::operand ? operand_name(k)
                                      : operation_name(text);
    return all;
  }

  At at;
  int operand;  // the one it points at

 private:
  enum class Piece { text, operand, operation };
  struct Part {
    Piece kind;
    int operand;
    std::string text;
  };
  std::vector<Part> pieces_;
};

}  // namespace keopsnb::expr
