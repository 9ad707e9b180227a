// From a line to its answer: finds the operation in one table, and turns every failure into an answer.
#pragma once

#include "controller/suggest/session.hpp"

#include <string>
#include <string_view>

namespace sweepd::suggest {

class responder {
 public:
  /// One line of JSON without its end, whatever `line` is.
  std::string answer(std::string_view line);

 private:
  sessions known_;
};

}  // namespace sweepd::suggest
