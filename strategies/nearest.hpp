// "Did you mean": the known word nearest to a mistyped one. Pure; used by the checks only.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sweepd::strategies {

/// The candidate nearest to `word`, or empty when none is near: a few edits away (insert, delete,
/// replace, swap neighbours; case ignored), or begun but not finished (`log_unif`).
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

/// "; did you mean 'grid'?", or an empty text when nothing is near.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

/// "a, b or c", `last` being the word before the last.
std::string listed(std::span<const std::string_view> words, std::string_view last = "or");

}  // namespace sweepd::strategies
