// Reads one mapping against a closed set of keys, and its values as durations, counts, words,
// percents.
//
// Every reader returns true when it has set `out`; otherwise `out` keeps its default and, if the
// key was written, the findings say what is wrong there and what to write instead. Used by
// policy_yaml and server_config. Pure.
#pragma once

#include "controller/config/yaml_reader.hpp"

#include "controller/base/duration.hpp"
#include "controller/base/json_record.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sweepd::config {

using words = std::span<const std::string_view>;

/// A value and the path under which messages name it.
struct yaml_at {
  const yaml_node& node;
  place at;
  std::string path;
};

class yaml_block {
 public:
  /// Complains at once when `node` is no mapping or has a key that is not in `known`.
  yaml_block(const yaml_node& node, place at, std::string path, words known, findings& out);

  /// None: not written.
  [[nodiscard]] std::optional<yaml_at> get(std::string_view key) const;
  [[nodiscard]] bool has(std::string_view key) const { return node_.find(key) != nullptr; }
  /// The key's place; the block's own when it is not written.
  [[nodiscard]] place place_of(std::string_view key) const;
  [[nodiscard]] std::string path_of(std::string_view key) const;
  [[nodiscard]] place at() const { return at_; }
  void complain(std::string_view key, std::string text) const;

  bool duration(std::string_view key, milliseconds& out,
                milliseconds least = milliseconds{0}) const;
  /// `none` is the word for "no duration", such as off or auto.
  bool duration(std::string_view key, std::optional<milliseconds>& out, std::string_view none,
                milliseconds least = milliseconds{0}) const;
  bool boolean(std::string_view key, bool& out) const;
  bool integer(std::string_view key, std::int64_t& out, std::int64_t least,
               std::int64_t most) const;
  /// The same, with `off` meaning 0.
  bool integer_or_off(std::string_view key, std::int64_t& out, std::int64_t most) const;
  bool number(std::string_view key, double& out, double least, double most) const;
  bool percent(std::string_view key, double& out, double most) const;
  bool text(std::string_view key, std::string& out) const;

  /// One of an enum's words, see word_of.
  template <class E>
  bool word(std::string_view key, E& out) const;

 private:
  const yaml_node& node_;
  place at_;
  std::string path_;
  findings& out_;
};

/// The scalar's word as written; a boolean false is `off`, since YAML 1.1 makes off and false the
/// same and a tool may have rewritten one as the other. Empty: not a scalar.
std::string word_in(const yaml_node& node);

/// What was written, short, for messages: "5", "'abc'", "a list".
std::string shown(const yaml_node& node);

/// Readers of a single value.
bool read_duration(const yaml_at& v, milliseconds& out, milliseconds least, findings& f);
bool read_integer(const yaml_at& v, std::int64_t& out, std::int64_t least, std::int64_t most,
                  findings& f);
/// "20%" with a bound; none: not a percentage at all.
std::optional<double> parse_percent(std::string_view text);
/// `word` among `known`, or a complaint with the nearest of them.
bool known_word(const yaml_at& v, words known, std::string_view& out, findings& f);

/// An enum's words, as BOOST_DESCRIBE_ENUM has them.
template <class E>
std::vector<std::string_view> words_of() {
  std::vector<std::string_view> out;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>(
      [&](auto d) { out.push_back(json::enum_name(d.value)); });
  return out;
}

template <class E>
bool yaml_block::word(std::string_view key, E& out) const {
  const auto v = get(key);
  if (!v) return false;
  std::string_view found;
  if (!known_word(*v, words_of<E>(), found, out_)) return false;
  out = *json::enum_value<E>(found);
  return true;
}

}  // namespace sweepd::config
