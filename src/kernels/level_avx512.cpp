#define TRACTRIX_LEVEL avx512
#include "level.hpp"
