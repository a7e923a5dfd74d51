// What the catalogue knows of an operation besides its mathematics: the parser, the documentation
// and the tests read rows; kernels never do.
#pragma once
#include <keopsnb/config.hpp>

namespace keopsnb {

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

}  // namespace keopsnb
