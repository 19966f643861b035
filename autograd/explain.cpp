#include "autograd/explain.h"

#include <algorithm>
#include <cmath>

#include "autograd/explain_formulas.h"
#include "tensor/storage.h"

namespace GRADUS {

Summary summarize(const Tensor& x) {
  Summary s;
  double squares = 0;
  const std::vector<Real> values = x.values();
  s.count = static_cast<std::int64_t>(values.size());
  s.low = INFINITY, s.high = -INFINITY;
  for (const double v : values) {
    squares += v * v;
    if (!std::isfinite(v)) {
      ++s.not_finite;
      continue;
    }
    s.low = std::min(s.low, v);
    s.high = std::max(s.high, v);
  }
  s.rms = values.empty() ? 0 : std::sqrt(squares / static_cast<double>(values.size()));
  if (s.low > s.high) s.low = s.high = 0;
  const double width = (s.high - s.low) / Summary::kBins;
  for (const double v : values)
    if (std::isfinite(v))
      ++s.histogram[width > 0 ? std::min(Summary::kBins - 1, static_cast<int>((v - s.low) / width)) : 0];
  return s;
}

Explain::Explain(std::vector<std::string> names) : outer_(here), names_(std::move(names)), mark_(Clock::now()) {
  here = this;
}
Explain::~Explain() { here = outer_; }

void Explain::name(const std::string& name, const Tensor& x) {
  called_[x.id()] = name;
  terms_.emplace_back(name, x.id());
  for (std::size_t t = 0; t < tapes_.size(); ++t)
    if (const auto at = nodes_[t].find(x.id()); at != nodes_[t].end()) tapes_[t].nodes[at->second].name = name;
  mark_ = Clock::now();
}

int Explain::node(const Tensor& x) const {
  if (nodes_.empty()) return -1;
  const auto at = nodes_[0].find(x.id());
  return at == nodes_[0].end() ? -1 : at->second;
}

ExplainedTape* Explain::find(const SeenTape& tape) {
  const auto at = index_.find(tape.tape);
  return at == index_.end() ? nullptr : &tapes_[at->second];
}

double Explain::since() const { return std::chrono::duration<double, std::micro>(Clock::now() - mark_).count(); }

// ----- what the tape calls ----------------------------------------------------------------------------------------

void Explain::began(const SeenTape& tape, std::span<const Tensor> watched) {
  index_[tape.tape] = tapes_.size();
  ExplainedTape& seen = tapes_.emplace_back();
  auto& nodes = nodes_.emplace_back();
  for (std::size_t i = 0; i < watched.size(); ++i) {
    const Tensor& x = watched[i];
    if (!nodes.emplace(x.id(), static_cast<int>(seen.nodes.size())).second) continue;
    ExplainedNode& node = seen.nodes.emplace_back();
    if (tapes_.size() == 1 && i < names_.size())
      node.name = names_[i];
    else if (const auto at = called_.find(x.id()); at != called_.end())
      node.name = at->second;
    node.shape = x.shape();
    node.value = summarize(x);
    if (node.value.not_finite && seen.not_finite < 0) seen.not_finite = static_cast<int>(seen.nodes.size()) - 1;
  }
  mark_ = Clock::now();
}

void Explain::recorded(const SeenTape& tape, const Tensor& out, std::span<const Argument> arguments) {
  const double took = since();
  if (ExplainedTape* seen = find(tape)) {
    const int n = static_cast<int>(seen->nodes.size());
    const Tape::Node& written = tape.nodes.back();
    ExplainedNode& node = seen->nodes.emplace_back();
    node.op = written.op;
    node.shape = written.shape;
    node.forward = took;
    node.value = summarize(out);
    for (int e = 0; e < written.edges; ++e) {
      const Tape::Edge& edge = tape.edges[written.first_edge + e];
      const auto called = called_.find(arguments[e].x.id());
      node.edges.push_back({.node = edge.node,
                            .constant = edge.node >= 0            ? ""
                                        : called != called_.end() ? called->second
                                                                  : to_string(arguments[e].x.shape()),
                            .differentiable = edge.vjp != nullptr});
    }
    nodes_[index_[tape.tape]][out.id()] = n;
    if (node.value.not_finite && seen->not_finite < 0) seen->not_finite = n;
    seen->peak = std::max(seen->peak, pool_statistics().live_bytes);
  }
  mark_ = Clock::now();
}

void Explain::arrived(const SeenTape& tape, int node) {
  if (ExplainedTape* seen = find(tape)) {
    if (seen->loss < 0) {
      seen->loss = node;
      seen->live = pool_statistics().live_bytes;
    }
    Summary& gradient = seen->nodes[node].gradient = summarize(*tape.nodes[node].gradient);
    if (gradient.not_finite && seen->gradient_not_finite < 0) seen->gradient_not_finite = node;
    seen->peak = std::max(seen->peak, pool_statistics().live_bytes);
  }
  mark_ = Clock::now();
}

void Explain::ran(const SeenTape& tape, int node, int edge, const Tensor& term) {
  const double took = since();
  if (ExplainedTape* seen = find(tape)) {
    seen->nodes[node].back += took;
    ExplainedEdge& to = seen->nodes[node].edges[edge - tape.nodes[node].first_edge];
    to.ran = true;
    to.added = tape.nodes[to.node].gradient.has_value();
    to.term = summarize(term).rms;
    seen->peak = std::max(seen->peak, pool_statistics().live_bytes);
  }
  mark_ = Clock::now();
}

void Explain::before_freeing(const SeenTape&, int) { before_ = pool_statistics().live_bytes; }

void Explain::freed(const SeenTape& tape, int node) {
  if (ExplainedTape* seen = find(tape)) {
    seen->nodes[node].live = pool_statistics().live_bytes;
    seen->nodes[node].frees += before_ - seen->nodes[node].live;
  }
  mark_ = Clock::now();
}

// ----- as text ----------------------------------------------------------------------------------------------------

static std::string bytes(std::int64_t n) {
  if (n < 1024) return fmt::format("{} B", n);
  if (n < 1024 * 1024) return fmt::format("{:.3g} KiB", static_cast<double>(n) / 1024);
  return fmt::format("{:.3g} MiB", static_cast<double>(n) / (1024 * 1024));
}

// `name` behind `before`, of which only what differs is shown: encoder.mean.weight, .bias
static std::string shortened(const std::string& name, const std::string& before) {
  const std::size_t dot = name.rfind('.');
  return dot != std::string::npos && name.substr(0, dot) == before.substr(0, before.rfind('.')) ? name.substr(dot)
                                                                                                : name;
}

std::string Explain::call(const ExplainedTape& tape, std::size_t n) const {
  const ExplainedNode& node = tape.nodes[n];
  if (node.op.empty()) return fmt::format("v{} = {}", n, node.name.empty() ? "watched" : node.name);
  std::string text = fmt::format("v{} = {}(", n, node.op), before;
  for (std::size_t e = 0; e < node.edges.size(); ++e) {
    const ExplainedEdge& edge = node.edges[e];
    std::string shown = edge.constant;
    if (edge.node >= 0) {
      const ExplainedNode& from = tape.nodes[edge.node];
      const bool parameter = from.op.empty() && !from.name.empty();
      shown = parameter ? shortened(from.name, before) : fmt::format("v{}", edge.node);
      before = parameter ? from.name : "";
    }
    text += (e ? ", " : "") + shown;
  }
  return text + ")" + (node.name.empty() ? "" : fmt::format(" = {}", node.name));
}

Explain::Cells Explain::cells(const ExplainedTape& tape, std::size_t n) const {
  const ExplainedNode& node = tape.nodes[n];
  const bool op = !node.op.empty(), went = node.live >= 0;
  return {call(tape, n),
          to_string(node.shape),
          fmt::format("{:.3g}", node.value.rms),
          node.gradient.count ? fmt::format("{:.3g}", node.gradient.rms) : "-",
          op ? fmt::format("{:.0f}", node.forward) : "",
          went ? fmt::format("{:.0f}", node.back) : "",
          went ? bytes(node.frees) : ""};
}

// Which nodes are on a path of derivatives down from `from`.
static std::vector<bool> below(const ExplainedTape& tape, int from) {
  std::vector<bool> on(tape.nodes.size());
  on[from] = true;
  for (int n = from; n >= 0; --n)
    if (on[n])
      for (const ExplainedEdge& edge : tape.nodes[n].edges)
        if (edge.differentiable) on[edge.node] = true;
  return on;
}

std::vector<std::string> Explain::footer(const ExplainedTape& tape) const {
  double forward = 0, back = 0;
  std::int64_t frees = 0;
  std::string zero;
  for (const ExplainedNode& node : tape.nodes) {
    forward += node.forward;
    back += node.back;
    frees += node.frees;
    if (tape.loss >= 0 && node.op.empty() && !(node.gradient.rms != 0))
      zero +=
          (zero.empty() ? "" : ", ") + (node.name.empty() ? fmt::format("v{}", &node - tape.nodes.data()) : node.name);
  }
  std::vector<std::string> lines;
  lines.push_back(fmt::format("{} ops, {:.0f} µs forward, {:.0f} µs back",
                              std::ranges::count_if(tape.nodes, [](const auto& n) { return !n.op.empty(); }), forward,
                              back));
  lines.push_back(fmt::format("{} in tensors before the way back, which freed {}; at most {} at once", bytes(tape.live),
                              bytes(frees), bytes(tape.peak)));
  if (tape.not_finite >= 0) lines.push_back("the first value that is not finite: " + call(tape, tape.not_finite));
  if (tape.gradient_not_finite >= 0)
    lines.push_back("the first gradient that is not finite arrives at " + call(tape, tape.gradient_not_finite));
  if (!zero.empty()) lines.push_back("gradient zero: " + zero);
  for (const auto& [term, id] : terms_) {
    const auto at = nodes_[0].find(id);
    if (&tape != &tapes_[0] || at == nodes_[0].end()) continue;
    const std::vector<bool> on = below(tape, at->second);
    std::vector<std::string> groups, reached;  // the first part of the parameters' names
    for (std::size_t n = 0; n < tape.nodes.size(); ++n) {
      const ExplainedNode& node = tape.nodes[n];
      if (!node.op.empty() || node.name.find('.') == std::string::npos) continue;
      const std::string group = node.name.substr(0, node.name.find('.'));
      if (std::ranges::find(groups, group) == groups.end()) groups.push_back(group);
      if (on[n]) reached.push_back(group);
    }
    for (const std::string& group : groups)
      if (std::ranges::find(reached, group) == reached.end())
        lines.push_back(fmt::format("no path from {} to {}", term, group));
  }
  return lines;
}

static std::size_t width(const std::string& text) {  // in characters of UTF-8
  return std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; });
}

std::string Explain::text() const {
  std::string out;
  for (std::size_t t = 0; t < tapes_.size(); ++t) {
    const ExplainedTape& tape = tapes_[t];
    std::vector<Cells> rows{{"op", "shape", "value", "d loss", "fwd µs", "bwd µs", "frees"}};
    for (std::size_t n = 0; n < tape.nodes.size(); ++n) rows.push_back(cells(tape, n));
    Cells widest;
    for (std::size_t c = 0; c < widest.size(); ++c)
      widest[c] = std::ranges::max_element(rows, {}, [&](const Cells& row) { return width(row[c]); })->at(c);
    if (tapes_.size() > 1) out += fmt::format("{}tape {}\n", t ? "\n" : "", t + 1);
    for (const Cells& row : rows) {
      std::string line;
      for (std::size_t c = 0; c < row.size(); ++c) {
        const std::string room(width(widest[c]) - width(row[c]), ' ');
        line += (c ? "  " : "") + (c < 2 ? row[c] + room : room + row[c]);
      }
      line.erase(line.find_last_not_of(' ') + 1);
      out += line + "\n";
    }
    for (const std::string& line : footer(tape)) out += line + "\n";
  }
  return out;
}

// ----- as data ----------------------------------------------------------------------------------------------------

// In quotation marks, and safe inside a <script> as well.
static std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text)
    if (c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' || static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    else
      out += c;
  return out + "\"";
}

static std::string list(const auto& items, const auto& one) {
  std::string out = "[";
  for (const auto& item : items) out += (out.size() > 1 ? "," : "") + one(item);
  return out + "]";
}

static std::string json_of(const Summary& s) {
  return fmt::format(R"({{"rms":{},"low":{},"high":{},"not_finite":{},"bins":{}}})",
                     quoted(fmt::format("{:.3g}", s.rms)), quoted(fmt::format("{:.3g}", s.low)),
                     quoted(fmt::format("{:.3g}", s.high)), s.not_finite,
                     list(s.histogram, [](std::int64_t n) { return fmt::format("{}", n); }));
}

std::string Explain::json() const {
  const auto strings = [](const auto& items) { return list(items, quoted); };
  const auto tape = [&](const ExplainedTape& tape) {
    std::size_t n = 0;
    const auto node = [&](const ExplainedNode& node) {
      const Formulas& known = formulas(node.op, node.edges.size());
      std::size_t e = 0;
      const auto edge = [&](const ExplainedEdge& edge) {
        const std::string vjp = e < known.vjps.size() ? known.vjps[e] : known.any;
        ++e;
        return fmt::format(R"({{"node":{},"constant":{},"differentiable":{},"ran":{},"added":{},"term":{},"vjp":{}}})",
                           edge.node, quoted(edge.constant), edge.differentiable, edge.ran, edge.added,
                           quoted(fmt::format("{:.3g}", edge.term)), quoted(vjp));
      };
      return fmt::format(
          R"({{"cells":{},"op":{},"name":{},"formula":{},"live":{},"frees":{},"back":{:.1f},"value":{},"gradient":{},"edges":{}}})",
          strings(cells(tape, n++)), quoted(node.op), quoted(node.name), quoted(known.value), node.live, node.frees,
          node.back, json_of(node.value), node.gradient.count ? json_of(node.gradient) : "null",
          list(node.edges, edge));
    };
    const std::string nodes = list(tape.nodes, node);
    return fmt::format(R"({{"loss":{},"live":{},"peak":{},"nodes":{},"footer":{}}})", tape.loss, tape.live, tape.peak,
                       nodes, strings(footer(tape)));
  };
  const auto term = [&](const auto& named) {
    const auto at =
        nodes_.empty() ? std::unordered_map<std::uint64_t, int>::const_iterator{} : nodes_[0].find(named.second);
    return fmt::format(R"({{"name":{},"node":{}}})", quoted(named.first),
                       nodes_.empty() || at == nodes_[0].end() ? -1 : at->second);
  };
  return fmt::format(R"({{"tapes":{},"terms":{}}})", list(tapes_, tape), list(terms_, term));
}

std::string Explain::dot() const {
  std::string out = "digraph step {\n  rankdir=BT;\n  node [shape=box, fontname=\"sans-serif\"];\n";
  for (std::size_t t = 0; t < tapes_.size(); ++t)
    for (std::size_t n = 0; n < tapes_[t].nodes.size(); ++n) {
      const ExplainedNode& node = tapes_[t].nodes[n];
      std::string label = fmt::format("v{} {}\n{}", n, node.op.empty() ? node.name : node.op, to_string(node.shape));
      std::string escaped;
      for (const char c : label)
        escaped += c == '\n' ? "\\n" : c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
      out += fmt::format("  t{}v{} [label=\"{}\"{}];\n", t, n, escaped, node.op.empty() ? ", style=rounded" : "");
      for (const ExplainedEdge& edge : node.edges)
        if (edge.node >= 0)
          out +=
              fmt::format("  t{}v{} -> t{}v{}{};\n", t, edge.node, t, n, edge.differentiable ? "" : " [style=dotted]");
    }
  return out + "}\n";
}

}  // namespace GRADUS
