// Probability distributions over tensors of independent elements: plain structs of parameters that broadcast, all with
// the same methods, each element by itself and in nats (sum over the axes that belong to one sample):
//
//   sample(rng)     a draw, without derivatives
//   rsample(rng)    a draw that is differentiable by the parameters (pathwise), for those that have such a draw
//   log_prob(x)     the logarithm of the density, or of the probability where values are discrete
//   entropy()       -E log p(x)
//   mean()          E x
//
// and kl_divergence(q, p) = E log q(x) - log p(x) under q for pairs of them, never below 0 and right to some roundings of
// itself also where q and p are nearly the same. What is rare is drawn at its rate, and a parameter that is NaN gives
// draws that are NaN, or an Error where draws are indices. Parameters are logits and logarithms of scales, so every number is a legal one whose scale (for a logarithm of one) Real has: up to about e^±87 in float.
#pragma once

#include "nn/distributions/bernoulli.h"
#include "nn/distributions/categorical.h"
#include "nn/distributions/continuous_bernoulli.h"
#include "nn/distributions/discretized_logistic.h"
#include "nn/distributions/gamma.h"
#include "nn/distributions/kl_divergence.h"
#include "nn/distributions/laplace.h"
#include "nn/distributions/logistic.h"
#include "nn/distributions/mixture.h"
#include "nn/distributions/normal.h"
#include "nn/distributions/poisson.h"
#include "nn/distributions/student_t.h"
#include "nn/distributions/unit_normal.h"
