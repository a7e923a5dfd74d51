// expect: keopsnb: results would be wrong with -ffast-math
#include <keopsnb/reduce.hpp>
