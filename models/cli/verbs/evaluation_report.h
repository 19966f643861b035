// What `vae evaluate` prints.
#pragma once

#include "models/evaluation/measurement.h"

namespace GRADUS {

/// The numbers, bars for the dimensions of the code, and last the protocol.
std::string report_of(const Measurement& found);

}  // namespace GRADUS
