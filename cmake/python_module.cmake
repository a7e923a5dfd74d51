# The extension module keopsnb._core and its stub, installed beside the headers.
if(CMAKE_VERSION VERSION_LESS 3.26)
  message(FATAL_ERROR "The Python module needs CMake 3.26 or newer, and this is ${CMAKE_VERSION}; "
                      "`pip install .` fetches a recent one.")
endif()

find_package(
  Python 3.10 REQUIRED
  COMPONENTS Interpreter Development.Module
  OPTIONAL_COMPONENTS Development.SABIModule)
# pip's build environment puts nanobind's folder on CMAKE_PREFIX_PATH; otherwise ask Python for it.
find_package(nanobind CONFIG QUIET)
if(NOT nanobind_FOUND)
  execute_process(
    COMMAND ${Python_EXECUTABLE} -m nanobind --cmake_dir
    OUTPUT_VARIABLE nanobind_ROOT
    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  find_package(nanobind CONFIG REQUIRED)
endif()

file(GLOB_RECURSE keopsnb_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/cpp/src/*.cpp
     ${PROJECT_SOURCE_DIR}/cpp/catalogue/*.cpp)

nanobind_add_module(
  _core
  STABLE_ABI # from Python 3.12 on: one wheel for all later versions
  NB_STATIC
  NOMINSIZE # the module computes too: -O3
  NB_SUPPRESS_WARNINGS
  ${keopsnb_sources}
  $<TARGET_OBJECTS:keopsnb_embedded>
  $<TARGET_OBJECTS:keopsnb_blake2>)
target_include_directories(_core PRIVATE ${PROJECT_SOURCE_DIR}/cpp ${PROJECT_SOURCE_DIR}/cpp/src)
target_compile_definitions(_core PRIVATE KEOPSNB_VERSION="${PROJECT_VERSION}")
target_link_libraries(_core PRIVATE keopsnb::headers Threads::Threads ${CMAKE_DL_LIBS})
set_target_properties(_core PROPERTIES CXX_EXTENSIONS OFF VISIBILITY_INLINES_HIDDEN ON)
if(CMAKE_SYSTEM_NAME STREQUAL Linux)
  # The module brings its C++ library: that of the system may be older (see cpp/src/glibc.cpp).
  target_link_options(_core PRIVATE -static-libstdc++ -Wl,--exclude-libs,ALL)
endif()
if(KEOPSNB_WERROR)
  # g++ 12 warns of std::string's own code (GCC bug 105651).
  target_compile_options(_core PRIVATE -Wall -Wextra -Wshadow -Werror
                                       $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
endif()

nanobind_add_stub(
  _core_stub
  MODULE _core
  OUTPUT ${PROJECT_BINARY_DIR}/_core.pyi
  PYTHON_PATH $<TARGET_FILE_DIR:_core>
  PATTERN_FILE ${CMAKE_CURRENT_LIST_DIR}/stub_patterns.txt
  DEPENDS _core)

install(TARGETS _core LIBRARY DESTINATION . COMPONENT python)
install(
  FILES ${PROJECT_BINARY_DIR}/_core.pyi
  DESTINATION .
  COMPONENT python)
