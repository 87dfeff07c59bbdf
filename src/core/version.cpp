#include "tractrix/core/version.hpp"

namespace tractrix {

const char* version() { return TRACTRIX_VERSION; }

}  // namespace tractrix
