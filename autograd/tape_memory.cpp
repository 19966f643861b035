#include "autograd/tape_memory.h"

namespace GRADUS {

void Tape::Recycle::operator()(Memory* memory) const noexcept {
  std::unique_ptr<Memory> owner(memory);
  memory->clear();
  try {
    Memory::spare().push_back(std::move(owner));
  } catch (const std::bad_alloc&) {  // no room to keep it: it is simply freed
  }
}

void Tape::Memory::enter() {
  const std::lock_guard lock(IdTable::moving);
  recording.push_back(this);
  recording_anywhere.fetch_add(1, std::memory_order_relaxed);
  ++recording_here;
  thread = &recording_here;
}

void Tape::Memory::leave() {
  if (!thread) return;
  const std::lock_guard lock(IdTable::moving);
  std::erase(recording, this);
  recording_anywhere.fetch_sub(1, std::memory_order_relaxed);
  if (std::exchange(thread, nullptr) == &recording_here) --recording_here;
}

void Tape::Memory::check_here(const char* op, const Tensor& x) {
  const std::lock_guard lock(IdTable::moving);
  bool here = false, elsewhere = false;
  for (const Memory* memory : recording)
    if (memory->knows(x)) (memory->thread == &recording_here ? here : elsewhere) = true;
  check(here || !elsewhere,
        "[{}] a tensor of shape {} belongs to a tape that records in another thread\nhelp: a tape sees its own thread "
        "alone, and its gradient would be without this: compute it there, or use detach(x) here, or a Pause, for the "
        "value alone",
        op, x.shape());
}

}  // namespace GRADUS
