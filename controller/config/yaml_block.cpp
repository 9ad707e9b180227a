#include "controller/config/yaml_block.hpp"

#include "controller/config/yaml_scalar.hpp"
#include "strategies/nearest.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace sweepd::config {
namespace {

using kind = yaml_node::kind;

bool is_integer(const yaml_node& n) {
  return n.what == kind::scalar && (n.value.is_int64() || n.value.is_uint64());
}

/// Numbers for messages: 20, 0.5.
std::string plain(double d) {
  char out[32];
  const auto [end, ec] = std::to_chars(out, out + sizeof out, d);
  return {out, end};
}

/// What to write instead of a text where a number belongs; empty: nothing to suggest.
std::string number_advice(const yaml_node& n) {
  if (n.what != kind::scalar || !n.value.is_string()) return {};
  if (!n.quoted) {
    const auto hint = number_hint(n.raw);
    return hint ? ": " + *hint : "";
  }
  const auto unquoted = resolve_plain(n.raw);
  return unquoted && unquoted->is_number() ? "; remove the quotes" : "";
}

}  // namespace

yaml_block::yaml_block(const yaml_node& node, place at, std::string path, words known,
                       findings& out)
    : node_(node), at_(at), path_(std::move(path)), out_(out) {
  if (node.what != kind::map) {
    out.add(at, path_, "must be a mapping of keys to values, not " + shown(node));
    return;
  }
  for (const auto& e : node.entries)
    if (std::ranges::find(known, std::string_view(e.key)) == known.end()) {
      const auto hint = strategies::did_you_mean(e.key, known);
      out.add(e.at, path_of(e.key),
              "unknown key" +
                  (hint.empty() ? "; known are " + strategies::listed(known, "and") : hint));
    }
}

std::optional<yaml_at> yaml_block::get(std::string_view key) const {
  const auto* e = node_.find(key);
  if (e == nullptr) return std::nullopt;
  return yaml_at{e->value, place_of(key), path_of(key)};
}

place yaml_block::place_of(std::string_view key) const {
  const auto* e = node_.find(key);
  if (e == nullptr) return at_;
  return e->value.what == kind::scalar ? e->value.at : e->at;
}

std::string yaml_block::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

void yaml_block::complain(std::string_view key, std::string text) const {
  out_.add(place_of(key), path_of(key), std::move(text));
}

bool yaml_block::duration(std::string_view key, milliseconds& out, milliseconds least) const {
  const auto v = get(key);
  return v && read_duration(*v, out, least, out_);
}

bool yaml_block::duration(std::string_view key, std::optional<milliseconds>& out,
                          std::string_view none, milliseconds least) const {
  const auto v = get(key);
  if (!v) return false;
  if (word_in(v->node) == none) {
    out.reset();
    return true;
  }
  milliseconds read{};
  if (!read_duration(*v, read, least, out_)) return false;
  out = read;
  return true;
}

bool yaml_block::boolean(std::string_view key, bool& out) const {
  const auto v = get(key);
  if (!v) return false;
  if (v->node.what != kind::scalar || !v->node.value.is_bool()) {
    complain(key, "must be true or false, not " + shown(v->node));
    return false;
  }
  out = v->node.value.get_bool();
  return true;
}

bool yaml_block::integer(std::string_view key, std::int64_t& out, std::int64_t least,
                         std::int64_t most) const {
  const auto v = get(key);
  return v && read_integer(*v, out, least, most, out_);
}

bool yaml_block::integer_or_off(std::string_view key, std::int64_t& out, std::int64_t most) const {
  const auto v = get(key);
  if (!v) return false;
  if (word_in(v->node) == "off") {
    out = 0;
    return true;
  }
  return read_integer(*v, out, 0, most, out_);
}

bool yaml_block::number(std::string_view key, double& out, double least, double most) const {
  const auto v = get(key);
  if (!v) return false;
  if (v->node.what != kind::scalar || !v->node.value.is_number()) {
    complain(key, "must be a number, not " + shown(v->node) + number_advice(v->node));
    return false;
  }
  const double read = v->node.value.to_number<double>();
  if (!(read >= least && read <= most)) {
    complain(key,
             "must be between " + plain(least) + " and " + plain(most) + ", not " + shown(v->node));
    return false;
  }
  out = read;
  return true;
}

bool yaml_block::percent(std::string_view key, double& out, double most) const {
  const auto v = get(key);
  if (!v) return false;
  const auto read = v->node.what == kind::scalar ? parse_percent(v->node.raw) : std::nullopt;
  if (!read) {
    complain(key, "must be a percentage such as 20%, not " + shown(v->node));
    return false;
  }
  if (*read > most) {
    complain(key, "must be at most " + plain(most) + "%, not " + v->node.raw);
    return false;
  }
  out = *read;
  return true;
}

bool yaml_block::text(std::string_view key, std::string& out) const {
  const auto v = get(key);
  if (!v) return false;
  if (v->node.what != kind::scalar || !v->node.value.is_string()) {
    complain(key, "must be a text, not " + shown(v->node) +
                      (v->node.what == kind::scalar ? "; put it in quotes" : ""));
    return false;
  }
  out = v->node.raw;
  return true;
}

std::string word_in(const yaml_node& node) {
  if (node.what != kind::scalar) return {};
  if (node.value.is_bool() && !node.value.get_bool()) return "off";
  return node.raw;
}

std::string shown(const yaml_node& node) {
  if (node.what == kind::list) return "a list";
  if (node.what == kind::map) return "a mapping";
  if (node.value.is_null()) return "nothing";
  const auto raw = node.raw.substr(0, 60) + (node.raw.size() > 60 ? "..." : "");
  return node.value.is_string() ? "'" + raw + "'" : raw;
}

bool read_duration(const yaml_at& v, milliseconds& out, milliseconds least, findings& f) {
  if (v.node.what != kind::scalar || v.node.value.is_null()) {
    f.add(v.at, v.path, "must be a duration such as 90s, 5m or 2h30m, not " + shown(v.node));
    return false;
  }
  const auto& raw = v.node.raw;
  if (is_integer(v.node) || v.node.value.is_double()) {
    const bool digits = std::ranges::all_of(raw, [](char c) { return c >= '0' && c <= '9'; });
    f.add(v.at, v.path,
          raw + " has no unit; write " +
              (raw == "0" ? "0s"
               : digits   ? raw + "s, " + raw + "m or " + raw + "h"
                          : "a duration such as 90s, 5m or 2h30m"));
    return false;
  }
  const auto read = parse_duration(raw);
  if (!read) {
    f.add(v.at, v.path, read.error().message);
    return false;
  }
  if (*read < least) {
    f.add(v.at, v.path, "must be at least " + to_string(least) + ", not " + raw);
    return false;
  }
  out = *read;
  return true;
}

bool read_integer(const yaml_at& v, std::int64_t& out, std::int64_t least, std::int64_t most,
                  findings& f) {
  if (!is_integer(v.node)) {
    f.add(v.at, v.path, "must be a whole number, not " + shown(v.node) + number_advice(v.node));
    return false;
  }
  boost::system::error_code ec;
  const auto read = v.node.value.to_number<std::int64_t>(ec);
  if (ec || read < least || read > most) {
    f.add(v.at, v.path,
          "must be between " + std::to_string(least) + " and " + std::to_string(most) + ", not " +
              v.node.raw);
    return false;
  }
  out = read;
  return true;
}

std::optional<double> parse_percent(std::string_view text) {
  if (!text.ends_with('%')) return std::nullopt;
  text.remove_suffix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  double out = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (ec != std::errc{} || end != text.data() + text.size() || !std::isfinite(out) || out < 0)
    return std::nullopt;
  return out;
}

bool known_word(const yaml_at& v, words known, std::string_view& out, findings& f) {
  const auto word = word_in(v.node);
  const auto found = std::ranges::find(known, std::string_view(word));
  if (found != known.end()) {
    out = *found;
    return true;
  }
  const auto hint = strategies::did_you_mean(word, known);
  f.add(v.at, v.path,
        v.node.what != kind::scalar || word.empty()
            ? "must be " + strategies::listed(known) + ", not " + shown(v.node)
            : "unknown word '" + word.substr(0, 60) + "'" +
                  (hint.empty() ? "; it must be " + strategies::listed(known) : hint));
  return false;
}

}  // namespace sweepd::config
