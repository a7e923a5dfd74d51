// C++ exceptions as Python ones.
#include "jit/errors.hpp"
#include "bind/bind.hpp"
#include "launch/routine.hpp"
#include "parse/error.hpp"

namespace keopsnb {
namespace {

// The Python classes; they live as long as the module that holds them.
PyObject* formula_error;
PyObject* compile_error;
PyObject* cache_error;
PyObject* cuda_error;

PyObject* new_exception(nb::module_& m, const char* name, PyObject* base, const char* doc) {
  const std::string qualified = std::string("keopsnb.") + name;
  PyObject* type = PyErr_NewExceptionWithDoc(qualified.c_str(), doc, base, nullptr);
  if (!type) throw nb::python_error();
  m.attr(name) = nb::borrow(type);
  return type;
}

void raise_with(PyObject* type, const char* message,
                std::initializer_list<std::pair<const char*, nb::object>> attributes) {
  nb::object error = nb::borrow(type)(message);
  for (const auto& [name, value] : attributes) error.attr(name) = value;
  PyErr_SetObject(type, error.ptr());
}

}  // namespace

void bind_errors(nb::module_& m) {
  formula_error = new_exception(
      m, "FormulaError", PyExc_ValueError,
      "A formula or alias that cannot be understood; the message shows where, and `column` is the "
      "position in its line, from 1.");
  compile_error = new_exception(
      m, "CompileError", PyExc_RuntimeError,
      "A kernel that could not be compiled or loaded. `command`, `log` and `source_path` are the "
      "compiler's command line, what it printed, and the kept source file.");
  cache_error = new_exception(m, "CacheError", PyExc_RuntimeError,
                              "No folder in which compiled kernels can be kept safely.");
  cuda_error = new_exception(
      m, "CudaError", PyExc_RuntimeError,
      "No NVIDIA driver, GPU or NVRTC, or a CUDA call that failed. `code` and `name` are those of "
      "CUDA's result, such as 2 and 'CUDA_ERROR_OUT_OF_MEMORY', or 0 and '' where no call failed.");
  nb::register_exception_translator([](const std::exception_ptr& p, void*) {
    try {
      std::rethrow_exception(p);
    } catch (const parse::FormulaError& e) {
      raise_with(formula_error, e.what(), {{"column", nb::cast(e.column())}});
    } catch (const jit::CompileError& e) {
      raise_with(compile_error, e.what(),
                 {{"command", nb::cast(e.command)},
                  {"log", nb::cast(e.log)},
                  {"source_path", nb::cast(e.source_path)}});
    } catch (const jit::CacheError& e) {
      PyErr_SetString(cache_error, e.what());
    } catch (const jit::CudaError& e) {
      raise_with(cuda_error, e.what(), {{"code", nb::cast(e.code)}, {"name", nb::cast(e.name)}});
    } catch (const ArgumentTypeError& e) {
      PyErr_SetString(PyExc_TypeError, e.what());
    }
  });
}

}  // namespace keopsnb
