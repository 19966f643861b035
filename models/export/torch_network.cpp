#include "models/export/torch_network.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "nn/members.h"

namespace GRADUS {

namespace {

std::string pair(const Pair& p) { return p.h == p.w ? fmt::to_string(p.h) : fmt::format("({}, {})", p.h, p.w); }

/// ", name=value" unless it is what PyTorch assumes.
template <class T>
std::string option(const char* name, const T& value, const T& usual) {
  return value == usual ? "" : fmt::format(", {}={}", name, value);
}
std::string option(const char* name, const Pair& value, std::int64_t usual) {
  return value.h == usual && value.w == usual ? "" : fmt::format(", {}={}", name, pair(value));
}
std::string windows(const char* kind, std::int64_t in, std::int64_t out, const Shape& weight, const ConvSettings& s) {
  return fmt::format("nn.{}({}, {}, {}{}{}{}{}{})", kind, in, out, pair({weight[2], weight[3]}),
                     option("stride", s.stride, 1), option("padding", s.padding, 0),
                     option("output_padding", s.output_padding, 0), option("groups", s.groups, std::int64_t{1}),
                     option("dilation", s.dilation, 1));
}

struct ModuleOf {
  const Step& step;
  std::string operator()(const Linear& l) const {
    return fmt::format("nn.Linear({}, {})", l.weight.shape()[1], l.weight.shape()[0]);
  }
  std::string operator()(const Conv2d& l) const {
    const Shape& w = l.weight.shape();
    return windows("Conv2d", w[1] * l.settings.groups, w[0], w, l.settings);
  }
  std::string operator()(const ConvTranspose2d& l) const {
    const Shape& w = l.weight.shape();
    return windows("ConvTranspose2d", w[0], w[1] * l.settings.groups, w, l.settings);
  }
  std::string operator()(const BatchNorm& l) const {
    return fmt::format("nn.BatchNorm{}d({}{}{})", step.out.rank() == 3 ? 2 : 1, l.weight.numel(),
                       option("eps", l.epsilon, Real(1e-5)), option("momentum", l.momentum, Real(0.1)));
  }
  std::string operator()(const GroupNorm& l) const {
    return fmt::format("nn.GroupNorm({}, {}{})", l.groups, l.weight.numel(), option("eps", l.epsilon, Real(1e-5)));
  }
  std::string operator()(const auto&) const { return ""; }
};
/// The module that a step with tensors is; empty for the others.
std::string module_of(const Step& step) { return std::visit(ModuleOf{step}, step.layer); }

const char* function_of(Activation::Kind kind) {
  switch (kind) {
    case Activation::relu: return "F.relu";
    case Activation::elu: return "F.elu";
    case Activation::leaky_relu: return "F.leaky_relu";
    case Activation::silu: return "F.silu";
    case Activation::gelu: return "F.gelu";
    case Activation::tanh: return "torch.tanh";
    case Activation::sigmoid: return "torch.sigmoid";
    case Activation::softplus: return "F.softplus";
  }
  throw Error("[export] an activation without a name");
}

/// "hidden.0.norm" as Python says it: self.hidden[0].norm
std::string member(const std::string& name) {
  std::string text = "self";
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    const std::string part = name.substr(begin, end - begin);
    text += std::isdigit(static_cast<unsigned char>(part[0])) ? "[" + part + "]" : "." + part;
    begin = end + 1;
  }
  return text;
}

struct Applied {
  const Step& step;
  const std::string& x;
  std::string operator()(const Activation& a) const { return fmt::format("{}({})", function_of(a.kind), x); }
  std::string operator()(const Dropout& d) const { return fmt::format("F.dropout({}, {}, self.training)", x, d.p); }
  std::string operator()(const AsImage& i) const {
    return fmt::format("{}.reshape(-1, {}, {}, {})", x, i.channels, i.height, i.width);
  }
  std::string operator()(const AsRow&) const { return fmt::format("{}.flatten(1)", x); }
  std::string operator()(const Join&) const {
    if (step.out.rank() == 1) return fmt::format("torch.cat([{}, condition], 1)", x);
    return fmt::format("torch.cat([{}, condition[:, :, None, None].expand(-1, -1, {}, {})], 1)", x, step.out[1],
                       step.out[2]);
  }
  std::string operator()(const Keep&) const { return ""; }
  std::string operator()(const AddKept&) const { return fmt::format("{} + kept", x); }
  std::string operator()(const auto&) const { return fmt::format("{}({})", member(step.name), x); }
};
/// What a step makes of x, an expression; empty for one that is a line of its own.
std::string applied(const Step& step, const std::string& x) { return std::visit(Applied{step, x}, step.layer); }

/// Modules by their names, which nest. `steps` have names that begin with `above`; those that are numbers make a list.
std::string list_of(const std::vector<const Step*>& steps, const std::string& above) {
  std::vector<std::string> items;
  for (const Step* step : steps) {
    const std::string rest = step->name.substr(above.size());
    const std::string index = fmt::format("{}", items.size());
    if (rest == index) items.push_back(module_of(*step));
    if (rest.starts_with(index + ".0")) {  // a list in the list
      std::vector<const Step*> inner;
      const std::string name = above + index + ".";
      std::ranges::copy_if(steps, std::back_inserter(inner), [&](const Step* s) { return s->name.starts_with(name); });
      items.push_back(list_of(inner, name));
    }
  }
  return fmt::format("nn.ModuleList([{}])", fmt::join(items, ", "));
}

}  // namespace

TorchNetwork torch_network(const std::vector<Step>& steps, const std::vector<std::vector<Step>>& heads) {
  std::vector<const Step*> named;
  const auto add = [&](const std::vector<Step>& some) {
    for (const Step& step : some)
      if (!module_of(step).empty()) named.push_back(&step);
  };
  add(steps);
  std::ranges::for_each(heads, add);

  TorchNetwork network;
  std::vector<std::string> lists;
  for (const Step* step : named) {
    const std::string& name = step->name;
    const std::size_t dot = name.find('.');
    if (name.ends_with(".norm")) continue;
    if (dot == std::string::npos) {
      network.init.push_back(fmt::format("{} = {}", member(name), module_of(*step)));
      continue;
    }
    const std::string list = name.substr(0, dot);
    if (std::ranges::find(lists, list) != lists.end()) continue;
    lists.push_back(list);
    std::vector<const Step*> inside;
    std::ranges::copy_if(named, std::back_inserter(inside),
                         [&](const Step* s) { return s->name.starts_with(list + "."); });
    network.init.push_back(fmt::format("{} = {}", member(list), list_of(inside, list + ".")));
  }
  for (const Step* step : named)
    if (step->name.ends_with(".norm"))
      network.init.push_back(fmt::format("{} = {}", member(step->name), module_of(*step)));

  std::string x = "x";  // what is not yet a line
  const auto flush = [&] {
    if (x != "x") network.forward.push_back("x = " + std::exchange(x, "x"));
  };
  for (const Step& step : steps) {
    if (std::holds_alternative<Keep>(step.layer)) {
      flush();
      network.forward.push_back("kept = x");
      continue;
    }
    x = applied(step, x);
    if (module_of(step).empty()) flush();  // a layer, its norm and its activation are one line
  }
  flush();
  return network;
}

std::string torch_head(const std::vector<Step>& head) {
  std::string x = "x";
  for (const Step& step : head) x = applied(step, x);
  return x;
}

}  // namespace GRADUS
