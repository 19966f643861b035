// The latent half of a model: q(z|x) and p(z). A latent gives draws of the code, and what they cost.
#pragma once

#include <memory>

#include "models/minibatch.h"
#include "models/networks/network.h"
#include "nn/distributions.h"
#include "nn/unlisted.h"

namespace GRADUS {

/// How draws are priced.
struct Price {
  /// exact: the KL divergence where it has a closed form, else as drawn. drawn: log q(z|x) - log p(z) at the draws.
  /// stopped: the same, with the parameters of q held constant in it.
  enum Kind { exact, drawn, stopped } kind = exact;
  /// (K, B): the factor by which gradients reach q through each draw; nothing: 1.
  std::optional<Tensor> pull{};
};

/// How far the draws of a kind of code can be priced: not at all, by an autoencoder, which has no bound; by its KL
/// divergence alone; at the draws as well; also with the parameters of q held constant.
enum class Pricing { none, exact, drawn, stopped };

/// K draws of the code for each sample, and what they cost.
struct Draw {
  Tensor z;                    // (K, B, Z)
  std::optional<Tensor> kl{};  // nats by dimension: (B, Z) where exact, else (K, B, Z or 1); none of an autoencoder
  std::optional<Tensor> penalty{};  // (B): what else is to stay small (sparsity, commitment)
};

/// A number that a latent tells of itself, beside the bound.
struct Figure {
  const char* name;
  double value;
};

/// Any struct with draw, code, prior and members(visit). Beside these it may have, and is then asked for:
///
///   Normal posterior(batch, context) const    the moments of q(z|x), (B, Z)
///   Tensor prior(n, rng, temperature) const   draws from p(z) whose Gaussians, or whatever they come from, have so many
///                                             times their deviation; 1 is p(z)
///   Network network                           whose steps can be listed; or const Network& encoder() const
///   std::vector<std::vector<Step>> heads()    what the features of that network become, each by a list of steps of
///       const                                     which the first has a name; the first head gives the code
///   std::int64_t wanted() const, and          before the first step of a new training (not of a resumed one) it is shown
///   void begin(const Minibatch& images)           so many training images, taken at random, or all if there are fewer
///   void fit(const Tensor& codes)             at the end of each epoch it is shown the codes (N, Z) of all training images
///   void tally(batch, counts, context) const  counts over batches what figures(counts) tells of all of them; `counts`, a
///   std::vector<Figure> figures(counts) const   std::vector<double>, begins empty
///
/// What draws change in training (statistics, as in nn/batch_norm.h) is listed as a mutable Buffer: a draw in training is
/// one thread's, and the numbers that it leaves do not depend on how many threads computed them.
template <class L>
concept LatentLike = requires(const L& latent, const Minibatch& batch, Context& context, Rng& rng) {
  { latent.draw(batch, std::int64_t{1}, Price{}, context) } -> std::same_as<Draw>;
  { latent.code(batch, context) } -> std::same_as<Tensor>;
  { latent.prior(std::int64_t{1}, rng) } -> std::same_as<Tensor>;
};

/// A latent as a value of one type. Copying copies it.
class Latent {
 public:
  template <class L>
    requires(!std::same_as<L, Latent>)
  Latent(L latent) {
    static_assert(LatentLike<L>, "a latent is a struct with draw(batch, K, price, context), code(batch, context), "
                                 "prior(n, rng) and members(visit)");
    self_ = std::make_unique<Holder<L>>(std::move(latent));
  }
  Latent(const Latent& other) : self_(other.self_->clone()) {}
  Latent(Latent&&) noexcept = default;
  Latent& operator=(Latent other) noexcept {
    std::swap(self_, other.self_);
    return *this;
  }

  /// K draws for each of B samples; what does not depend on the draw is computed once, whatever K.
  Draw draw(const Minibatch& batch, std::int64_t K, const Price& price, Context& context) const {
    return self_->draw(batch, K, price, context);
  }
  /// (B, Z): the code that stands for x.
  Tensor code(const Minibatch& batch, Context& context) const { return self_->code(batch, context); }
  /// (n, Z): draws from p(z). Error for another temperature than 1 where there is none.
  Tensor prior(std::int64_t n, Rng& rng, Real temperature = 1) const { return self_->prior(n, rng, temperature); }
  /// Whether draws from p(z) can have a temperature.
  bool tempers() const { return self_->tempers(); }
  /// The moments of q(z|x), (B, Z), of those that have them.
  std::optional<Normal> posterior(const Minibatch& batch, Context& context) const {
    return self_->posterior(batch, context);
  }
  /// Its network, of those that have one whose steps can be listed; null otherwise.
  const Network* network() const { return self_->network(); }
  /// What the features of its network become, each by a list of steps whose first has the name of its tensors; the
  /// first gives the code. None of latents that do more than that, or do not tell.
  std::vector<std::vector<Step>> heads() const { return self_->heads(); }
  /// How many images it wants to begin with; 0: none, and begin does nothing.
  std::int64_t wanted() const { return self_->wanted(); }
  void begin(const Minibatch& images) { self_->begin(images); }
  /// Whether it wants to be shown the training codes; if not, fit does nothing.
  bool fits() const { return self_->fits(); }
  void fit(const Tensor& codes) { self_->fit(codes); }
  /// None of most latents.
  void tally(const Minibatch& batch, std::vector<double>& counts, Context& context) const {
    self_->tally(batch, counts, context);
  }
  std::vector<Figure> figures(const std::vector<double>& counts) const { return self_->figures(counts); }
  /// The latent itself, if it is one of that type.
  template <class L>
  const L* as() const {
    const auto* holder = dynamic_cast<const Holder<L>*>(self_.get());
    return holder ? &holder->latent : nullptr;
  }

  void walk(const MemberPath& path, TensorVisitor& visitor) { self_->walk(path, visitor); }
  void find_unlisted(const MemberPath& path, std::vector<std::string>& found) { self_->find_unlisted(path, found); }

 private:
  struct Interface {
    virtual ~Interface() = default;
    virtual std::unique_ptr<Interface> clone() const = 0;
    virtual Draw draw(const Minibatch& batch, std::int64_t K, const Price& price, Context& context) const = 0;
    virtual Tensor code(const Minibatch& batch, Context& context) const = 0;
    virtual Tensor prior(std::int64_t n, Rng& rng, Real temperature) const = 0;
    virtual bool tempers() const = 0;
    virtual std::optional<Normal> posterior(const Minibatch& batch, Context& context) const = 0;
    virtual const Network* network() const = 0;
    virtual std::vector<std::vector<Step>> heads() const = 0;
    virtual std::int64_t wanted() const = 0;
    virtual void begin(const Minibatch& images) = 0;
    virtual bool fits() const = 0;
    virtual void fit(const Tensor& codes) = 0;
    virtual void tally(const Minibatch& batch, std::vector<double>& counts, Context& context) const = 0;
    virtual std::vector<Figure> figures(const std::vector<double>& counts) const = 0;
    virtual void walk(const MemberPath& path, TensorVisitor& visitor) = 0;
    virtual void find_unlisted(const MemberPath& path, std::vector<std::string>& found) = 0;
  };
  template <class L>
  struct Holder final : Interface {
    L latent;
    explicit Holder(L latent) : latent(std::move(latent)) {}
    std::unique_ptr<Interface> clone() const override { return std::make_unique<Holder>(latent); }
    Draw draw(const Minibatch& batch, std::int64_t K, const Price& price, Context& context) const override {
      return latent.draw(batch, K, price, context);
    }
    Tensor code(const Minibatch& batch, Context& context) const override { return latent.code(batch, context); }
    Tensor prior(std::int64_t n, Rng& rng, [[maybe_unused]] Real temperature) const override {
      if constexpr (requires { latent.prior(n, rng, temperature); }) {
        return latent.prior(n, rng, temperature);
      } else {
        check(temperature == 1, "[latent] the draws of this prior have no temperature");
        return latent.prior(n, rng);
      }
    }
    bool tempers() const override {
      return requires(const L& l, Rng& rng) { l.prior(std::int64_t{1}, rng, Real(1)); };
    }
    std::optional<Normal> posterior(const Minibatch& batch, Context& context) const override {
      if constexpr (requires { latent.posterior(batch, context); })
        return latent.posterior(batch, context);
      else
        return std::nullopt;
    }
    const Network* network() const override {
      if constexpr (requires {
                      { latent.network } -> std::same_as<const Network&>;
                    })
        return &latent.network;
      else if constexpr (requires {
                           { latent.encoder() } -> std::same_as<const Network&>;
                         })
        return &latent.encoder();
      else
        return nullptr;
    }
    std::vector<std::vector<Step>> heads() const override {
      if constexpr (requires { latent.heads(); })
        return latent.heads();
      else
        return {};
    }
    std::int64_t wanted() const override {
      if constexpr (requires { latent.wanted(); })
        return latent.wanted();
      else
        return 0;
    }
    void begin([[maybe_unused]] const Minibatch& images) override {
      if constexpr (requires { latent.begin(images); }) latent.begin(images);
    }
    bool fits() const override {
      return requires(L& l, const Tensor& codes) { l.fit(codes); };
    }
    void fit([[maybe_unused]] const Tensor& codes) override {
      if constexpr (requires { latent.fit(codes); }) latent.fit(codes);
    }
    void tally([[maybe_unused]] const Minibatch& batch, [[maybe_unused]] std::vector<double>& counts,
               [[maybe_unused]] Context& context) const override {
      if constexpr (requires { latent.tally(batch, counts, context); }) latent.tally(batch, counts, context);
    }
    std::vector<Figure> figures([[maybe_unused]] const std::vector<double>& counts) const override {
      if constexpr (requires { latent.figures(counts); })
        return latent.figures(counts);
      else
        return {};
    }
    void walk(const MemberPath& path, TensorVisitor& visitor) override { gradus::walk(latent, path, visitor); }
    void find_unlisted(const MemberPath& path, std::vector<std::string>& found) override {
      gradus::find_unlisted(latent, path, found);
    }
  };
  std::unique_ptr<Interface> self_;
};

// ----- what latents share ----------------------------------------------------------------------------------------

/// A linear layer as a step of that name.
inline Step step(const char* name, const Linear& layer) { return {name, layer, {layer.bias.numel()}}; }

/// The same distribution, whose parameters no derivative reaches.
inline Normal stopped(const Normal& q) { return {stop_gradient(q.loc), stop_gradient(q.log_variance)}; }
inline Laplace stopped(const Laplace& q) { return {stop_gradient(q.loc), stop_gradient(q.log_scale)}; }
/// K times the same, (B, Z) -> (K, B, Z).
inline Normal repeated(const Normal& q, std::int64_t K) {
  return {broadcast_to(q.loc, q.loc.shape().inserted(0, K)), q.log_variance};
}
inline Laplace repeated(const Laplace& q, std::int64_t K) {
  return {broadcast_to(q.loc, q.loc.shape().inserted(0, K)), q.log_scale};
}

/// A draw from p with so many times its deviation.
inline Tensor sampled(const Normal& p, Real temperature, Rng& rng) {
  return stop_gradient(p.rsample(normal(p.loc.shape(), rng) * temperature));
}

/// z, which reaches back with `pull` (K, B) times its gradient; the same value.
inline Tensor pulled(const Tensor& z, const std::optional<Tensor>& pull) {
  if (!pull) return z;
  const Tensor still = stop_gradient(z);
  return still + reshape(*pull, pull->shape().inserted(2, 1)) * (z - still);
}

/// K draws from q, (K, B, Z), by the reparameterization trick.
template <class Q>
Tensor draws(const Q& q, std::int64_t K, const Price& price, Rng& rng) {
  const Tensor z = K == 1 ? reshape(q.rsample(rng), q.loc.shape().inserted(0, 1)) : repeated(q, K).rsample(rng);
  return pulled(z, price.pull);
}

/// What draws z (K, B, Z) of q cost, by dimension: (B, Z) where exact, else (K, B, Z).
template <class Q, class P>
Tensor priced(const Q& q, const P& prior, const Tensor& z, const Price& price) {
  if (price.kind == Price::exact) return kl_divergence(q, prior);
  return (price.kind == Price::drawn ? q : stopped(q)).log_prob(z) - prior.log_prob(z);
}

}  // namespace GRADUS
