// Checks of what a layer consists of, and of what calls leave behind.
#include <fmt/ranges.h>
#include <stdlib.h>  // mkdtemp

#include <algorithm>
#include <filesystem>

#include "autograd/ops.h"
#include "nn/audit_checks.h"
#include "nn/files/training.h"
#include "nn/state.h"

namespace GRADUS::detail {

/// Changes every parameter and buffer.
static void disturb(AuditedLayer& layer) {
  for_each_state(layer, [](const MemberPath&, Tensor& x) { x = detach(x * Real(0.75) + Real(0.125)); });
}

std::string check_members(Subject& subject) {
  std::vector<std::string> gaps;
  find_unlisted(subject.layer, MemberPath{}, gaps);
  if (!gaps.empty()) throw Error(fmt::format("{}", fmt::join(gaps, "; ")));
  const std::size_t optimised = parameters(subject.layer).size();  // none of them twice
  return fmt::format("{} and {}, and nothing that is not listed", counted(optimised, "parameter"),
                     counted(subject.begin.size() - optimised, "buffer"));
}

namespace {
/// An empty folder, removed with what is in it.
struct TemporaryFolder {
  std::filesystem::path path;
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "gradus_audit_XXXXXX").string();
    check(mkdtemp(name.data()) != nullptr, "[audit] cannot make a folder like {}", name);
    path = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};
}  // namespace

std::string check_save(Subject& subject) {
  AuditedLayer saved = subject.layer;
  for (int i = 0; i < 2; ++i) call(saved, subject.inputs, true);
  disturb(saved);
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path / "layer.safetensors";
  save_training(file, saved);
  AuditedLayer loaded = subject.layer;
  load_training(file, loaded);
  expect_same(call(loaded, subject.inputs, false), call(saved, subject.inputs, false),
              "what is loaded gives another output than what was saved: it depends on something that is not listed");
  return fmt::format("{} in {} bytes", counted(subject.begin.size(), "tensor"), std::filesystem::file_size(file));
}

std::string check_copies(Subject& subject) {
  const Tensor before = call(AuditedLayer(subject.layer), subject.inputs, false);
  AuditedLayer copy = subject.layer;
  disturb(copy);
  call(copy, subject.inputs, true);
  expect_same(call(AuditedLayer(subject.layer), subject.inputs, false), before, "changing a copy changes the original");
  return "changing or training a copy leaves the original as it was";
}

static std::vector<std::string> optimised_names(const AuditedLayer& layer) {
  std::vector<std::string> names;
  for_each_parameter(const_cast<AuditedLayer&>(layer),
                     [&](const MemberPath& path, Tensor&) { names.push_back(path.text()); });
  return names;
}

std::string check_state(Subject& subject) {
  const AuditedLayer layer = subject.layer;
  const auto unchanged = [&](const std::map<std::string, Tensor>& before, bool training) {
    for (const auto& [name, x] : state(layer))
      if (!training || std::ranges::count(optimised_names(layer), name))
        expect_same(before.contains(name) ? before.at(name) : Tensor(), x,
                    fmt::format("a call in {} changes \"{}\"", mode_name(training), name));
  };
  for (const bool training : {false, true}) {
    const std::map<std::string, Tensor> before = state(layer);
    call(layer, subject.inputs, training);
    unchanged(before, training);
  }
  return "calls change no parameter, and in evaluation no buffer";
}

}  // namespace GRADUS::detail
