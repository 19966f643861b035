// What another program has trained: a module's tensors by name from a safetensors file of any writer. PyTorch's state
// dicts become one by `safetensors.torch.save_file(model.state_dict(), "model.safetensors")`.
#pragma once

#include <initializer_list>

#include "nn/files/checkpoint.h"
#include "nn/state.h"

namespace GRADUS {

/// What a file calls our tensors: a function from our name to its, or a map, where names that it leaves out are the
/// same in both. The empty name: the file has none, and ours stays as it is.
class Renaming {
 public:
  Renaming() = default;
  Renaming(std::map<std::string, std::string> names);
  Renaming(std::initializer_list<std::pair<const std::string, std::string>> names)
      : Renaming(std::map<std::string, std::string>(names)) {}
  template <class F>
    requires std::convertible_to<std::invoke_result_t<const F&, const std::string&>, std::string>
  Renaming(const F& function) : function_(function) {}

  std::string operator()(const std::string& name) const { return function_ ? function_(name) : name; }

 private:
  std::function<std::string(const std::string&)> function_;
};

struct LoadOptions {
  Renaming rename = {};
  /// Whether each tensor of floating-point numbers in the file must have its place in the module. Others, as counters
  /// of batches are, are always passed over.
  bool whole = false;
};

namespace detail {
struct Asked {
  std::string name;
  Shape shape;
  bool buffer;
};
template <class M>
std::vector<Asked> asked_by(M& module) {
  struct Visitor final : TensorVisitor {
    std::vector<Asked> all;
    void parameter(const MemberPath& path, Tensor& x) override { all.push_back({path.text(), x.shape(), false}); }
    void buffer(const MemberPath& path, Tensor& x) override { all.push_back({path.text(), x.shape(), true}); }
  } visitor;
  walk(module, MemberPath{}, visitor);
  return visitor.all;
}

/// One for each that is asked for; nothing where its name in the file is empty.
std::vector<std::optional<Tensor>> read_asked(const std::filesystem::path& path, std::span<const Asked> asked,
                                              const LoadOptions& options);
}  // namespace detail

/// Sets parameters and buffers from a file by name, under new ids. Nothing is read but what the module asks for. Error
/// when a tensor is missing, of another shape or not of floating-point numbers, holds a NaN, or an infinity and is a
/// parameter, and for a file that is wrong in itself (load_checkpoint); then nothing is changed.
template <class M>
void load_state(M& module, const std::filesystem::path& path, const LoadOptions& options = {}) {
  const auto found = detail::read_asked(path, detail::asked_by(module), options);
  std::size_t i = 0;
  for_each_state(module, [&](const MemberPath&, Tensor& x) {
    if (const auto& tensor = found[i++]) x = *tensor;
  });
}

}  // namespace GRADUS
