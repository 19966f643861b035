// The state of a module by name: what a checkpoint keeps, and a summary to read.
#pragma once

#include <map>

#include "nn/module.h"

namespace GRADUS {

/// Calls visit(path, tensor) for everything that a checkpoint keeps: parameters and buffers, in order.
template <class M, class Visit>
void for_each_state(M& module, const Visit& visit) {
  for_each_parameter<true>(module, visit);
}

/// How many numbers the parameters hold.
template <class M>
std::int64_t count(const M& module) {
  std::int64_t total = 0;
  for_each_parameter(const_cast<M&>(module), [&](const MemberPath&, Tensor& x) { total += x.numel(); });
  return total;
}

/// The names of parameters(module), in their order: tape.listing(parameter_names(net)).
template <class M>
std::vector<std::string> parameter_names(const M& module) {
  std::vector<std::string> names;
  for_each_parameter(const_cast<M&>(module), [&](const MemberPath& path, Tensor&) { names.push_back(path.text()); });
  return names;
}

/// Parameters and buffers by name.
template <class M>
std::map<std::string, Tensor> state(const M& module) {
  std::map<std::string, Tensor> all;
  for_each_state(const_cast<M&>(module), [&](const MemberPath& path, Tensor& x) {
    const std::string name = path.text();
    check(all.emplace(name, x).second, "[module] two members are called \"{}\"", name);
  });
  return all;
}

namespace detail {
/// The tensor of that name, detached. Error when it is missing or of another shape.
Tensor state_tensor(const std::map<std::string, Tensor>& source, const std::string& name, const Shape& shape);
/// Error when a number is NaN or infinite.
void check_finite(const Tensor& parameter, const std::string& name);
}  // namespace detail

/// Sets parameters and buffers from `source` by name, under new ids; Error when one is missing or of another shape, or
/// a parameter is not finite, and then nothing is changed. Names that the module does not have are left alone.
template <class M>
void load_state(M& module, const std::map<std::string, Tensor>& source) {
  struct Visitor final : TensorVisitor {
    const std::map<std::string, Tensor>& source;
    explicit Visitor(const std::map<std::string, Tensor>& source_) : source(source_) {}
    void parameter(const MemberPath& path, Tensor& x) override {
      buffer(path, x);
      detail::check_finite(x, path.text());
    }
    void buffer(const MemberPath& path, Tensor& x) override {
      x = detail::state_tensor(source, path.text(), x.shape());
    }
  } visitor(source);
  M loaded = module;
  walk(loaded, MemberPath{}, visitor);
  module = std::move(loaded);
}

/// A copy that no tape knows: a teacher, a target, an old policy. In a plain copy are the very tensors of the original
/// until one of the two is written, so a tape that watches the one watches the other.
template <class M>
M detached(M module) {
  for_each_state(module, [](const MemberPath&, Tensor& x) { x = detach(x); });
  return module;
}

/// A table of names, shapes and sizes, one tensor a line, with the total.
template <class M>
std::string summary(const M& module) {
  std::string text;
  for_each_state(const_cast<M&>(module), [&](const MemberPath& path, Tensor& x) {
    text += fmt::format("{:<32} {:>16} {:>12}\n", path.text(), to_string(x.shape()), x.numel());
  });
  return text + fmt::format("{:<32} {:>16} {:>12}\n", "parameters", "", count(module));
}

}  // namespace GRADUS
