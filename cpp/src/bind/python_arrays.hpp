// A library of arrays whose front end needs no C++: an object of Python with these methods.
//
//   view(array)                  what has a buffer, or __dlpack__, and shows the array's memory
//   empty(shape, dtype, device)  a new array; the name of a dtype, the number of a GPU or -1
//   truth(array)                 0 and 1 as truth values; without it they stay numbers
//   stream(device)               the address of the current stream; without it the default one
#pragma once
#include "bind/arrays.hpp"

namespace keopsnb {

class PythonArrays final : public ArrayLibrary {
 public:
  explicit PythonArrays(nb::object hooks);

  void add(Arguments& arguments, nb::handle array) const override;
  void convert_integers(Arguments& arguments, std::size_t k, Dtype integers,
                        nb::handle input) const override;
  Output make(const std::vector<i64>& shape, Dtype dtype, int device) const override;
  ArrayView writable(nb::handle out, Held& held) const override;
  nb::object truth(const nb::object& array) const override;
  Output memory(i64 bytes, int device) const override;
  void* stream(int device) const override;

 private:
  Output empty(nb::object shape, std::string_view dtype, int device) const;

  nb::object hooks_;
};

}  // namespace keopsnb
