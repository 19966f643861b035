#include "models/latents/codes.h"

namespace GRADUS {

const char* sampled_from(const Codes& codes) {
  return std::visit(
      [](const auto& kind) -> const char* {
        if constexpr (requires { kind.kSampled; })
          return kind.kSampled;
        else
          return nullptr;
      },
      codes.chosen);
}

bool is_discrete(const Codes& codes) {
  return std::visit([](const auto& kind) { return requires { kind.kDiscrete; }; }, codes.chosen);
}

void settle(Codes& codes, std::int64_t images) {
  std::visit(
      [&](auto& kind) {
        if constexpr (requires { kind.settle(images); }) kind.settle(images);
      },
      codes.chosen);
}

}  // namespace GRADUS
