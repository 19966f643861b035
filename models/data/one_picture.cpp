#include "models/data/one_picture.h"

#include "models/data/picture.h"

namespace GRADUS {

Images one_picture(const std::filesystem::path& file, const SampleShape& shape) {
  const Picture picture = read_picture(file, shape.image());
  Images one{.name = file.filename().string(),
             .count = 1,
             .height = shape.height,
             .width = shape.width,
             .channels = shape.channels};
  const std::int64_t places = shape.height * shape.width;
  for (std::int64_t channel = 0; channel < shape.channels; ++channel)
    for (std::int64_t place = 0; place < places; ++place) {
      const std::uint8_t* pixel = &picture.pixels[place * picture.channels];
      if (picture.channels == 1 || shape.channels == picture.channels)
        one.pixels.push_back(pixel[picture.channels == 1 ? 0 : channel]);
      else
        one.pixels.push_back(
            static_cast<std::uint8_t>((299 * pixel[0] + 587 * pixel[1] + 114 * pixel[2] + 500) / 1000));
    }
  return one;
}

}  // namespace GRADUS
