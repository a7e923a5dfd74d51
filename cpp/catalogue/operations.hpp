// The catalogue of operations: what is said of each besides its mathematics. The parser, the front
// ends, the documentation and the tests read it, and no kernel is compiled from it.
#pragma once
#include <span>
#include <string_view>

#include <keopsnb/config.hpp>

namespace keopsnb {

struct OperationRow {
  const char* name;       // in a formula's text: "SqDist"
  const char* call;       // in C++: "sqdist"
  const char* signature;  // dimensions, for messages: "(D), (D) -> 1"
  int operands = 1;       // formulas it takes; -1: one or more
  int ints = 0;           // integer parameters, after the operands in text, template ones in C++
  int optional = 0;       // of the integer parameters, how many of the last may be left out,
  i64 fallback = 0;       // and what they are then
  // Lists of integers, such as [0, 2], after the operands and in place of `ints`: Ints<0, 2> in
  // C++. `dim` gets them one after the other, each preceded by its length. The last ones may be
  // left out: `dim` gets them empty, as C++ has them by default.
  int lists = 0, optional_lists = 0;
  int index = -1;  // the operand that has to be a variable of integers
  // Dimension of the result; negative where operands of these dimensions do not fit.
  // `n` is the number of operands.
  i64 (*dim)(const i64* dims, int n, const i64* ints);

  const char* domain = "";     // where tests draw the operands from: "(-2, 2)" for each
  const char* reference = "";  // NumPy expression in a, b, c (shape (..., D)), integers n, m, lists
  const char* sentence = "";   // what it computes, for documentation
  const char* partials = "";   // elementwise: derivative in each operand, comma separated
  // Tests of rows whose operands' dimensions or integers are special: cases separated by ";", each
  // "dimensions of the operands | the other arguments as in text": "6, 3 | ; 8, 2 | [2, 4], [2]".
  const char* cases = "";
  // The integers in tests of the others, for operands of dimension D: "D - 1; 0; -D".
  const char* arguments = "";
  const char* group = "";  // in the documentation; by default "elementwise" or "structural"

  const char* numpy = "";    // ufuncs that it is, with spaces between
  const char* torch = "";    // functions of PyTorch
  const char* special = "";  // Python's operator: "__add__"
  // Of symbolic matrices, where it is not the name in lower case with operands `other` and the
  // integers of the signature: "round(other=0)". After a colon, the operands in their order.
  const char* method = "";

  i64 least = -2147483647, most = 2147483647;  // of each integer parameter
};

std::span<const OperationRow> catalogue();

// The row of that name (case matters), or null.
const OperationRow* find_row(std::string_view name);

// The rule of elementwise operations: every dimension is 1 or D; the result has D. And its
// signature, by the number of operands less 1, where there are no integers.
i64 broadcast_dim(const i64* dims, int n, const i64* ints);
inline constexpr const char* broadcast_signatures[] = {
    "(D) -> D", "(D), (D) -> D, or one side of dimension 1",
    "(D), (D), (D) -> D, where any of them may have dimension 1"};

}  // namespace keopsnb
