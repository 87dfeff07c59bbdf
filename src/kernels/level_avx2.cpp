#define TRACTRIX_LEVEL avx2
#include "level.hpp"
