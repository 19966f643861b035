// What users of modules, layers, losses and optimisers get wrong, and what they are told. What does not even compile is
// in tests/*/compile_fail.
#include "nn/attention.h"
#include "nn/average.h"
#include "nn/clip.h"
#include "nn/distributions.h"
#include "nn/dropout.h"
#include "nn/gru.h"
#include "nn/linear.h"
#include "nn/loss.h"
#include "nn/optim.h"
#include "nn/recompute.h"
#include "nn/residual.h"
#include "nn/schedule.h"
#include "nn/sequential.h"
#include "nn/state.h"
#include "tests/misuse.h"

using namespace gradus;
using namespace gradus::test;

namespace {

struct TwoTensors {
  Tensor first, second;
  void members(auto&& visit) {
    visit("first", first);
    visit("second", second);
  }
};
struct Namesakes {
  Tensor one, other;
  void members(auto&& visit) {
    visit("weight", one);
    visit("weight", other);
  }
};

}  // namespace

// clang-format off: a table, from here to the end

TEST_CASE("misuse: modules, layers, losses and optimisers") {
  Rng rng{.seed = 1};
  const Tensor x = ones({5, 3}), labels = ones({5, 4});
  Linear layer(3, 4, Init::he, rng);
  Optimizer optimizer(Sgd{});
  const Tensor shared = ones({2});
  const Sequential net{Linear(3, 4, Init::he, rng), Linear(5, 2, Init::he, rng)};
  Context context{.training = true, .rng = rng};
  Optimizer adam(Adam{}), rms(RmsProp{});
  TwoTensors pair{ones({2}), ones({3})}, longer{ones({2}), ones({4})};
  adam.step(pair, parameters(pair));
  rms.step(pair, parameters(pair));
  const char* foreign = "[optimizer] the moments that it keeps are those of other parameters, or of another rule\n"
                        "help: give every module, and every rule, an optimiser of its own; with a momentum a rule is "
                        "another one";
  check_sentences({
      {"dropping everything", [&] { Dropout(1); }, "[dropout] p = 1 is not in [0, 1)"},
      {"a layer of no inputs", [&] { Linear(0, 4, Init::he, rng); },
       "[init] a layer of 0 inputs and 4 outputs has no weights"},
      {"a layer on other features", [&] { layer(ones({5, 4})); },
       "[linear] an input of shape (5, 4) does not end in the 3 features of weight (4, 3)"},
      {"layers that do not fit", [&] { net(x, context); },
       "[linear] an input of shape (5, 4) does not end in the 5 features of weight (2, 5)"},
      {"layers that do not fit, recomputed", [&] { recompute(net, x, context); },
       "[linear] an input of shape (5, 4) does not end in the 5 features of weight (2, 5)"},

      {"lengths that are not one per sample", [&] { Gru(3, 4, rng)(ones({5, 2, 3}), {2, 2}); },
       "[gru] lengths of shape (2) are not one for each of 5 samples"},
      {"a length beyond the steps", [&] { Gru(3, 4, rng)(ones({1, 2, 3}), {3}); },
       "[gru] a length of 3 is not from 0 to the 2 steps of the input"},
      {"a state of one layer for two", [&] { Gru(3, 4, 2, rng).run(ones({5, 2, 3}), ones({5, 4})); },
       "[gru] a state of shape (5, 4) does not fit 5 samples and 4 hidden units in 2 layers"},
      {"heads that do not divide the features", [&] { MultiHeadAttention(10, 4, {}, rng); },
       "[attention] 10 features do not divide into 4 heads"},

      {"one tensor as two members", [&] { parameters(TwoTensors{shared, shared}); },
       "[parameters] a tensor of shape (2) is listed twice\n"
       "help: a copied module shares its tensors until they are written; give each member numbers of its own"},
      {"a copy of a layer beside it", [&] { parameters(std::vector<Linear>{layer, layer}); },
       "[parameters] a tensor of shape (4, 3) is listed twice\n"
       "help: a copied module shares its tensors until they are written; give each member numbers of its own"},
      {"two members of one name", [&] { state(Namesakes{ones({1}), ones({2})}); },
       "[module] two members are called \"weight\""},
      {"a dot in the key of a map", [&] { parameters(std::map<std::string, Tensor>{{"left.up", x}}); },
       "[module] a map of members has the key \"left.up\"\n"
       "help: a dot parts the names of a path, \"blocks.left.weight\""},
      {"a key of nothing", [&] { state(std::map<std::string, Linear>{{"", layer}}); },
       "[module] a key of a map of members is empty\nhelp: it is the member's name"},
      {"a state without a member's tensor", [&] { load_state(layer, {{"weight", ones({4, 3})}}); },
       "[load] there is no tensor \"bias\""},
      {"a state of another shape", [&] { load_state(layer, {{"weight", ones({3, 4})}, {"bias", ones({4})}}); },
       "[load] \"weight\" has shape (3, 4), the module needs (4, 3)"},

      {"a negative rate", [] { Optimizer(Sgd{.lr = -1}); },
       "[optimizer] lr cannot be -1: it must be a number above 0 and at most 1000000000000"},
      {"an infinite rate", [] { Optimizer(Adam{.lr = 1.0 / 0.0}); },
       "[optimizer] lr cannot be inf: it must be a number above 0 and at most 1000000000000"},
      {"a negative ε", [] { Optimizer(Adam{.epsilon = -1}); },
       "[optimizer] epsilon cannot be -1: it must be a number above 0 and at most 1000000000000"},
      {"a negative decay", [] { Optimizer(AdamW{.weight_decay = -1}); },
       "[optimizer] weight_decay cannot be -1: it must be a number from 0 to 1000000"},
      {"a negative momentum", [] { Optimizer(Sgd{.momentum = -1}); },
       "[optimizer] momentum cannot be -1: it must be a number from 0 to below 1"},
      {"an α of 1", [] { Optimizer(RmsProp{.alpha = 1}); },
       "[optimizer] alpha cannot be 1: it must be a number from 0 to below 1"},
      {"a beta that never forgets", [] { Optimizer(AdamW{.beta2 = 1}); },
       "[optimizer] beta2 cannot be 1: it must be a number from 0 to below 1"},
      {"an ε of 0", [] { Optimizer(Adam{.epsilon = 0}); },
       "[optimizer] epsilon cannot be 0: it must be a number above 0 and at most 1000000000000"},
      {"a gradient missing", [&] { optimizer.step(layer, std::vector{ones({4, 3})}); },
       "[optimizer] 1 gradients for 2 parameters"},
      {"gradients in the wrong order", [&] { optimizer.step(layer, std::vector{ones({4}), ones({4, 3})}); },
       "[optimizer] parameter 0 of shape (4, 3) has a gradient of shape (4)"},
      {"one optimiser for two modules", [&] { adam.step(longer, parameters(longer)); }, foreign},
      {"another rule, after one without moments", [&] {
         Optimizer optimizer(Sgd{});
         optimizer.step(pair, parameters(pair));
         optimizer.rule = Adam{};
         optimizer.step(pair, parameters(pair));
       }, foreign},
      {"one for a module of more", [&] { adam.step(layer, parameters(layer)); }, foreign},
      {"a rule that changes its moments", [&] {
         rms.rule = RmsProp{.momentum = 0.9};
         rms.step(pair, parameters(pair));
       }, foreign},
      {"another rule with as many moments", [&] {
         Optimizer changed = adam;
         changed.rule = AdamW{};
         changed.step(pair, parameters(pair));
       }, foreign},
      {"an average that runs away", [&] { Average<TwoTensors>{pair, 1.5}.update(pair); },
       "[average] the decay must be from 0 to below 1, not 1.5"},
      {"a layer moved from", [&] {
         Residual residual{Linear(3, 3, Init::he, rng)};
         const Residual taken = std::move(residual);
         const Residual copy = residual;
         CHECK(parameters(copy).empty());
         copy(x, context);
       }, "[layer] this layer has been moved from"},
      {"an average of another module", [&] { Average<TwoTensors>{pair, 0.9}.update(longer); },
       "[average] tensor 1 of shape (3) cannot follow one of shape (4)"},
      {"an average of fewer layers", [&] {
         Average<std::vector<Tensor>>{{ones({2}), ones({3})}, 0.9}.update({ones({2})});
       }, "[average] a module of 2 tensors cannot follow one of 1"},
      {"a decay in no steps", [&] { Schedule{.kind = Schedule::cosine, .decay_steps = 0}(0); },
       "[schedule] a rate cannot decay in 0 steps"},
      {"gradients clipped to nothing", [&] { std::vector<Tensor> g{x}; clip_global_norm(g, 0); },
       "[clip_global_norm] the largest norm must be positive, not 0"},
      {"a step after parameters were listed", [&] {
         TwoTensors pair{ones({2}), ones({3})};
         const std::vector<Tensor> stale = parameters(pair);
         optimizer.step(pair, stale);
         Tape tape(stale);
         tape.gradient(sum(pair.first));
       }, kUnwatched},

      {"a target of another shape", [&] { mse(x, labels); }, "[mse] shapes differ: (5, 3) and (5, 4)"},
      {"targets of another shape", [&] { bce_with_logits(x, labels); },
       "[bce_with_logits] shapes differ: (5, 3) and (5, 4)"},
      {"a loss of nothing", [&] { mse(zeros({0, 3}), zeros({0, 3})); }, "[mse] an empty batch has no mean"},
      {"no samples to classify", [&] { cross_entropy(zeros({0, 3}), Indices()); },
       "[cross_entropy] an empty batch has no mean"},
      {"an accuracy of one label too few", [&] { accuracy(x, {0, 1, 2, 0}); },
       "[accuracy] logits (5, 3) and labels (4) are not (B, classes) and (B)"},
      {"labels that are not one per sample", [&] { cross_entropy(x, {0, 1}); },
       "[cross_entropy] logits (5, 3) and labels (2) are not (B, classes) and (B)"},
      {"a label beyond the classes", [&] { cross_entropy(x, {0, 1, 2, 3, 0}); },
       "[categorical] class 3 is not one of 3"},
      {"a mean and a log-variance that do not fit", [&] { Normal{x, labels}.rsample(rng); },
       "[normal] shapes do not broadcast: (5, 3) and (5, 4)\nhelp: aligned at the right, extents must agree or be 1"},
      {"a class that is none", [&] { Categorical{x}.log_prob(Indices{0, 1, 2, 3, 0}); },
       "[categorical] class 3 is not one of 3"},
      {"a value of another shape", [&] { Bernoulli{x}.log_prob(labels); },
       "[bernoulli_log_prob] shapes do not broadcast: (5, 4) and (5, 3)\n"
       "help: aligned at the right, extents must agree or be 1"},
  });
}
