// Local quadratic regression (loess of degree 2, Cleveland 1979) computed at every point.
#pragma once

#include <vector>

namespace tractrix::spatial {

// Fitted values at x. Neighbourhoods hold the floor(span n + 1e-5) nearest points, weighted by the
// tricube of their distance. Throws an Error when that many points share one x.
std::vector<double> local_quadratic(const std::vector<double>& x, const std::vector<double>& y,
                                    double span);

}  // namespace tractrix::spatial
