// What the catalogue knows of an operation besides its mathematics: the parser, the documentation
// and the tests read rows; kernels never do.
#pragma once
#include <keopsnb/config.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

struct Row {
  const char* name;       // in a formula's text: "SqDist"
  const char* call;       // in C++: "sqdist"
  const char* signature;  // dimensions, for messages: "(D), (D) -> 1"
  int operands;           // formulas it takes; -1: one or more
  int ints;               // integer parameters, after the operands in text, template ones in C++
  // Dimension of the result; negative where operands of these dimensions do not fit.
  // `n` is the number of operands.
  i64 (*dim)(const i64* dims, int n, const i64* ints);
  const char* domain;     // where tests draw the operands from: "(-2, 2)" for each, comma separated
  const char* reference;  // NumPy expression in a, b, c (shape (..., D)) and n, m (integers)
  const char* sentence;   // what it computes, for documentation
  const char* partials;   // elementwise: derivative in each operand, comma separated; else ""

  i64 least = -2147483647, most = 2147483647;  // of each integer parameter
  int optional = 0;  // of the integer parameters, how many of the last may be left out,
  i64 fallback = 0;  // and what they are then
  // Lists of integers, such as [0, 2], after the operands and in place of `ints`: Ints<0, 2> in
  // C++. `dim` gets them one after the other, each preceded by its length. The last ones may be
  // left out: `dim` gets them empty, as C++ has them by default.
  int lists = 0, optional_lists = 0;
  int index = -1;  // the operand that has to be a variable of integers
  // Tests of rows whose operands' dimensions or integers are special: cases separated by ";", each
  // "dimensions of the operands | the other arguments as in text": "6, 3 | ; 8, 2 | [2, 4], [2]".
  const char* cases = "";
  const char* group = "";  // in the documentation; by default "elementwise" or "structural"
};

// The rule of elementwise operations: every dimension is 1 or D; the result has D.
constexpr i64 broadcast_dim(const i64* dims, int n, const i64*) {
  i64 d = 1;
  for (int k = 0; k < n; ++k) {
    if (dims[k] != 1 && d != 1 && dims[k] != d) return -1;
    if (dims[k] != 1) d = dims[k];
  }
  return d;
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
