// The reference implementation, as C++: so that keopsnb needs no compiler of C.
#include <stdint.h>

extern "C" {
#include "blake2b-ref.c"
}
