#include "nn/audit_input.h"

namespace GRADUS {

const Shape& AuditInput::shape() const {
  if (const Tensor* x = std::get_if<Tensor>(&value_)) return x->shape();
  if (const Indices* x = std::get_if<Indices>(&value_)) return x->shape;
  return std::get<Shape>(value_);
}

AuditInput AuditInput::drawn(Rng& rng) const {
  const Shape* shape = std::get_if<Shape>(&value_);
  return shape ? AuditInput(normal(*shape, rng)) : *this;
}

AuditInput::operator const Tensor&() const {
  const Tensor* x = std::get_if<Tensor>(&value_);
  check(x != nullptr, "[audit_layer] the layer wants a Tensor where it is given Indices");
  return *x;
}

AuditInput::operator const Indices&() const {
  const Indices* x = std::get_if<Indices>(&value_);
  check(x != nullptr, "[audit_layer] the layer wants Indices where it is given a Tensor");
  return *x;
}

}  // namespace GRADUS
