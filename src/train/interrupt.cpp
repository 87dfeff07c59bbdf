#include "tractrix/train/interrupt.hpp"

#include <unistd.h>

#include <csignal>

namespace tractrix::train {
namespace {

volatile std::sig_atomic_t g_signals = 0;

void on_signal(int) {
  g_signals = g_signals + 1;
  if (g_signals > 1) _exit(75);  // nothing is half-written: files are replaced by rename
}

}  // namespace

void watch_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() { return g_signals > 0; }

}  // namespace tractrix::train
