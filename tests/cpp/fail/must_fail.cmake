# Law: the program does not compile, and the compiler says the words after "// expect: ".
# cmake -DCXX=... [-DFLAGS=...] -DINCLUDE=... -DSOURCE=... -P must_fail.cmake
file(STRINGS ${SOURCE} expect REGEX "^// expect: " LIMIT_COUNT 1)
string(REPLACE "// expect: " "" expect "${expect}")
separate_arguments(FLAGS)
execute_process(
  COMMAND ${CXX} -std=c++20 ${FLAGS} -fsyntax-only -I${INCLUDE} ${SOURCE}
  RESULT_VARIABLE status
  ERROR_VARIABLE log)
string(FIND "${log}" "${expect}" found)
if(status EQUAL 0)
  message(FATAL_ERROR "${SOURCE} compiled.")
elseif(found EQUAL -1)
  message(FATAL_ERROR "${SOURCE}: expected \"${expect}\", and found\n${log}")
endif()
