// The program as a library: an outside project links tractrix::app with its own recipes
// (docs/write_a_recipe.md) and calls run() from its main().
#pragma once

namespace tractrix::app {

// Exit codes: 0 ok, 2 the user's input is wrong, 70 a bug of ours, 75 interrupted and resumable.
int run(int argc, char** argv);

}  // namespace tractrix::app
