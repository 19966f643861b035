// Training as a whole: the same bits for any number of threads, and nothing taken from the system once it is warm.
#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "models/data/digits.h"
#include "models/training/trainer.h"
#include "tests/files.h"
#include "tests/models/same_bits.h"
#include "tests/models/some_digits.h"

using namespace gradus;
using namespace gradus::test;

namespace {
std::atomic<std::int64_t> news{0};
}

// Counted for this whole program. (GCC takes the pair of malloc and free for a mistake once both are inlined.)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
void* operator new(std::size_t bytes) {
  news.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(bytes)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {  // AddressSanitizer's would not call the first
  news.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(bytes);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

Config dense_config(const Dataset& data, std::vector<std::int64_t> hidden, std::int64_t batch_size) {
  Config config;
  config.model.network = {Dense{std::move(hidden)}};
  config.batch_size = batch_size;
  config.fingerprint = fingerprint(data.train);
  return config;
}

}  // namespace

TEST_CASE("training: the same bits for 1, 2, 3 and 7 threads") {
  const Threads restore;
  const Dataset data = some_digits(450, 10);
  Config config = dense_config(data, {500, 300}, 150);
  config.binarize = Binarize::dynamically;
  std::vector<Checkpoint> results;
  for (const int count : {1, 2, 3, 7}) {
    set_threads(count);
    Trainer trainer(config, data);
    for (int step = 0; step < 3; ++step) trainer.step();
    results.push_back(trainer.save());
    check_equal(results.back(), results.front());
  }
}

TEST_CASE("training: continuing from a checkpoint at any step gives the same bits") {
  const Dataset data = some_digits(70, 10);
  Config config = dense_config(data, {20, 10}, 16);
  config.binarize = Binarize::dynamically;
  Trainer whole(config, data);
  std::vector<Checkpoint> at;
  for (int step = 0; step < 4; ++step) {
    at.push_back(whole.save());
    whole.step();
  }
  const Checkpoint end = whole.save();
  for (std::size_t from = 0; from < at.size(); ++from) {
    Trainer part(config, data, at[from]);
    for (std::size_t step = from; step < at.size(); ++step) part.step();
    check_equal(part.save(), end);
  }
}

TEST_CASE("training: settings out of their range, images of another size and steps beyond an epoch are refused") {
  const Dataset data = some_digits(30, 10);
  const auto refusal = [&](auto change) {
    Config config = dense_config(data, {5}, 16);
    change(config);
    return error_of([&] { Trainer trainer(config, data); });
  };
  for (const auto& wrong : {refusal([](Config& c) { c.batch_size = 0; }), refusal([](Config& c) { c.accumulate = 0; }),
                            refusal([](Config& c) { c.validation = -1; })})
    CHECK(contains(wrong, "make no training"));
  CHECK(contains(refusal([](Config& c) { c.validation = 30; }), "leaves none of the 30 training images"));
  CHECK(refusal([](Config& c) { c.sample = {1, 14, 56}; }) ==
        "the images of \"digits\" are 28 x 28 pixels, the model takes 14 x 56");
  Trainer trainer(dense_config(data, {5}, 16), data);
  trainer.step();
  trainer.step();
  CHECK(error_of([&] { trainer.step(); }) == "[trainer] all images of the epoch are used");
  CHECK(error_of([&] { evaluate(trainer.vae(), {}, {}); }) == "[evaluate] there are no images");
  static_assert(!std::is_constructible_v<Trainer, const Config&, Dataset>);
}

TEST_CASE("training: from the tenth step on the system is asked for no memory, and the pool is what a step needs") {
  const Dataset data = some_digits(4000, 10);
  const auto news_per_step = [&](std::vector<std::int64_t> hidden, double ema = 0, std::int64_t accumulate = 1) {
    Config config = dense_config(data, std::move(hidden), 100 / accumulate);
    config.ema = ema;
    config.accumulate = accumulate;
    Trainer trainer(config, data);
    for (int step = 0; step < 10; ++step) trainer.step();
    reset_pool_peak();
    const PoolStatistics warm = pool_statistics();
    const std::int64_t before = news;
    for (int step = 0; step < 20; ++step) trainer.step();
    const std::int64_t per_step = (news - before) / 20;
    const PoolStatistics after = pool_statistics();
    CHECK(after.system_allocations == warm.system_allocations);
    CHECK(after.live_bytes == warm.live_bytes);
    CHECK(after.live_bytes + after.free_bytes <= 2 * after.peak_live_bytes);
    return per_step;
  };
  release_pool();
  const std::int64_t shallow = news_per_step({64});
  release_pool();
  const std::int64_t deep = news_per_step({64, 64, 64, 64, 64, 64});
  release_pool();
  const std::int64_t more = news_per_step({64}, 0.99, 2);
  MESSAGE("operator new per step: ", more, " with an average and two batches a step, ", shallow, " for 12 parameters, ",
          deep, " for 32");
  // At most in proportion to the number of parameters: 5 layers more each way are 20 tensors more.
  CHECK(shallow <= 4 * 12);
  CHECK(more <= 8 * 12);
  CHECK(deep <= 4 * 32);
}
