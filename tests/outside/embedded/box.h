#pragma once

/// The slope that a linear layer learns of y = own::kSlope·x.
double learned_slope();
