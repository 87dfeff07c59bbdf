#include "tractrix/app/run.hpp"

int main(int argc, char** argv) { return tractrix::app::run(argc, argv); }
