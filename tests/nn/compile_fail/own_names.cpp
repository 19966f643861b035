// What Gradus calls its own leaves common names to those who write `using namespace gradus`: this one compiles.
#include "nn/gradus.h"

struct Path {};
struct Node {};
struct Name {};
struct Entry {};
struct Visitor {};
struct Container {};
struct Pointer {};

using namespace gradus;

void own(Path, Node, Name, Entry, Visitor, Container, Pointer) {}
