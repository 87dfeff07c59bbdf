#pragma once

namespace tractrix {

const char* version();  // "0.1.0"

}  // namespace tractrix
