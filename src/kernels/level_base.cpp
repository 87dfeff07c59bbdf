#define TRACTRIX_LEVEL base
#include "level.hpp"
