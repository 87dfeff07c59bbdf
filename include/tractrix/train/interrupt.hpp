// Ctrl-C and SIGTERM: the first one asks the run to save and stop, the second one stops the process
// at once.
#pragma once

namespace tractrix::train {

void watch_signals();
bool interrupted();

}  // namespace tractrix::train
