#include "strategies/random.hpp"

#include "strategies/philox.hpp"

#include <utility>

namespace sweepd::strategies {
namespace {

// '/' cannot stand in a name, so a.b (one name) and b inside a differ.
std::string stream_name(const leaf& l) {
  std::string out;
  for (const auto& step : l.path) out += "/" + step;
  return out;
}

}  // namespace

random_search::random_search(space s) : space_(std::move(s)) {
  for (const auto& one : space_.leaves()) streams_.push_back(stream_of(stream_name(one)));
}

void random_search::observe(std::span<const observation>) {}

result<std::vector<suggestion>> random_search::suggest(const ask& what) {
  std::vector<suggestion> out;
  std::vector<boost::json::value> values(space_.leaves().size());
  for (std::size_t k = 0; k < what.n; ++k) {
    const std::uint64_t position = what.from + k;
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = space_.leaves()[i].what.ppf(random_unit(what.seed, position, streams_[i]));
    out.push_back({position, space_.assemble(values), {}});
  }
  return out;
}

}  // namespace sweepd::strategies
