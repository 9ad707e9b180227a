#include "strategies/nearest.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace sweepd::strategies {
namespace {

constexpr std::size_t word_length_min = 3;   // a shorter word is near to too many
constexpr std::size_t word_length_max = 64;  // a longer word is no mistyped key

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// Optimal string alignment: Levenshtein's distance plus swaps of neighbours.
std::size_t edits(std::string_view a, std::string_view b) {
  const std::size_t width = b.size() + 1;
  std::vector<std::size_t> before(width), last(width), row(width);
  for (std::size_t j = 0; j < width; ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j < width; ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  if (word.size() < word_length_min || word.size() > word_length_max) return {};
  const std::string typed = lower(word);
  const std::size_t allowed = typed.size() / 3;
  std::string_view best;
  std::size_t least = allowed + 1;
  for (const auto candidate : candidates) {
    const bool begun = candidate.starts_with(typed);
    const std::size_t distance =
        begun ? std::min(allowed, candidate.size() - typed.size()) : edits(typed, candidate);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  const auto found = nearest(word, candidates);
  if (found.empty()) return {};
  return std::string("; did you mean '").append(found).append("'?");
}

std::string listed(std::span<const std::string_view> words, std::string_view last) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool before_last = i > 0 && i + 1 == words.size();
    if (before_last)
      out.append(" ").append(last).append(" ");
    else if (i > 0)
      out += ", ";
    out += words[i];
  }
  return out;
}

}  // namespace sweepd::strategies
