// Generated shapes: a data set whose causes are known. Each image shows one shape, and six numbers say all about it, so
// that what a model has found can be held against what there was to find.
#pragma once

#include "models/data/dataset.h"

namespace GRADUS {

inline constexpr const char* kShapeNames[] = {"ellipse", "square", "triangle"};
inline constexpr std::int64_t kShapeSide = 32;  // pixels

/// What an image shows. Each is drawn by itself and evenly, whatever the others are, and every shape is whole.
struct ShapeFactors {
  int shape = 0;         // of kShapeNames
  float size = 7;        // the radius of the circle around it, in pixels: 4 to 10
  float turn = 0;        // anticlockwise, of a whole turn: 0 to 1
  float x = 16, y = 16;  // of its centre, in pixels from the left and from the top: 11 to 21
  float brightness = 1;  // 0.5 to 1

  friend bool operator==(const ShapeFactors&, const ShapeFactors&) = default;
};

/// Those of image `index`: a function of (stream, index) alone.
ShapeFactors shape_factors(std::uint64_t stream, std::int64_t index);

/// Draws it, light on black with soft edges: kShapeSide · kShapeSide bytes. The same for any build and machine.
void draw_shape(const ShapeFactors& factors, std::uint8_t* pixels);

/// `count` images labelled by their shape, the same for any number of threads.
Images generate_shapes(std::int64_t count, std::uint64_t stream);

/// 60,000 images to train on, of stream 0.
Images training_shapes();
/// 10,000 others, of stream 1.
Images test_shapes();

}  // namespace GRADUS
