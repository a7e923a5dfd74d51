// Sizes that Python holds: its integers, and a tracer's symbols.
#pragma once
#include <nanobind/nanobind.h>

#include <string>

#include <keopsnb/config.hpp>

namespace keopsnb {

// As fit.hpp asks for them.
struct ObjectRule {
  using Size = nanobind::object;
  static Size of(i64 n) { return nanobind::int_(n); }
  static bool is_one(const Size& n) {
    return PyLong_CheckExact(n.ptr()) && PyLong_AsLongLong(n.ptr()) == 1;
  }
  static bool equal(const Size& a, const Size& b) {
    const int answer = PyObject_RichCompareBool(a.ptr(), b.ptr(), Py_EQ);
    if (answer < 0) throw nanobind::python_error();
    return answer == 1;
  }
  static std::string text(const Size& n) { return nanobind::cast<std::string>(nanobind::str(n)); }
};

}  // namespace keopsnb
