#include "controller/config/sweep_yaml.hpp"

#include "controller/config/yaml_scalar.hpp"
#include "strategies/space.hpp"
#include "strategies/strategy.hpp"

#include <algorithm>

namespace sweepd::config {
namespace {

namespace bj = boost::json;
using kind = yaml_node::kind;

bool is_text(const yaml_node& n) { return n.what == kind::scalar && n.value.is_string(); }

/// A text where a number is wanted: says which reading of YAML made it one, and what to write.
std::string sharpen(const yaml_node& root, const strategies::violation& v) {
  const bool wants_number =
      v.text.find("number") != std::string::npos || v.text.find("integer") != std::string::npos;
  const auto* node = find_path(root, v.path);
  if (!wants_number || node == nullptr || !is_text(*node)) return v.text;
  if (!node->quoted) {
    const auto hint = number_hint(node->raw);
    return hint ? "must be a number; " + *hint : v.text;
  }
  const auto unquoted = resolve_plain(node->raw);
  if (unquoted && unquoted->is_number())
    return "must be a number, not the text '" + node->raw + "'; remove the quotes";
  return v.text;
}

void add_violations(const yaml_document& doc, const bj::object& config, findings& out) {
  for (const auto& v : strategies::violations(config)) {
    const bool about_the_key =
        v.text.starts_with("is an unknown") || v.text.starts_with("is no key");
    out.add(about_the_key ? locate_key(doc.root, v.path) : locate(doc.root, v.path), v.path,
            sharpen(doc.root, v));
  }
}

/// Control characters and those that turn the direction of writing: they can forge a line of a log.
bool hides_something(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == 0x7F) return true;
    const auto three = text.substr(i, 3);
    if (three >= "\xE2\x80\xAA" && three <= "\xE2\x80\xAE") return true;  // U+202A..U+202E
    if (three >= "\xE2\x81\xA6" && three <= "\xE2\x81\xA9") return true;  // U+2066..U+2069
    if (c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0)
      return true;
  }
  return false;
}

void check_names(const yaml_document& doc, findings& out) {
  for (const std::string_view key : {"name", "project", "entity"}) {
    const auto* e = doc.root.find(key);
    if (e == nullptr || !is_text(e->value)) continue;
    const auto& text = e->value.raw;
    if (text.size() > name_bytes_max)
      out.add(e->value.at, key, "is longer than " + std::to_string(name_bytes_max) + " bytes");
    else if (hides_something(text))
      out.add(e->value.at, key, "may not contain line ends, control or text direction characters");
    else if (text.empty() && key != "name")
      out.add(e->value.at, key, "is empty; remove it or write a name");
    else if (key != "name" && text.find('/') != std::string::npos)
      out.add(e->value.at, key, "may not contain '/'; write entity and project as two keys");
  }
}

void check_command(const yaml_document& doc, findings& out) {
  const auto* e = doc.root.find("command");
  if (e == nullptr || e->value.what != kind::list) return;
  std::size_t i = 0;
  for (const auto& item : e->value.items) {
    const std::string path = "command[" + std::to_string(i++) + "]";
    if (item.what != kind::scalar || item.value.is_null())
      out.add(item.at, path, "must be one word of the command; write it in quotes");
  }
}

std::size_t count_parameters(const yaml_node& parameters) {
  std::size_t n = 0;
  for (const auto& e : parameters.entries) {
    const auto* nested = e.value.find("parameters");
    n += nested != nullptr && nested->value.what == kind::map ? count_parameters(nested->value) : 1;
  }
  return n;
}

void check_size(const yaml_document& doc, findings& out) {
  const auto* e = doc.root.find("parameters");
  if (e == nullptr) return;
  if (const auto n = count_parameters(e->value); n > parameters_max)
    out.add(
        e->at, "parameters",
        "has " + std::to_string(n) + " parameters; the limit is " + std::to_string(parameters_max));
}

std::string text_of(const bj::object& config, std::string_view key) {
  const auto* v = config.if_contains(key);
  return v != nullptr && v->is_string() ? std::string(v->get_string()) : std::string();
}

/// A whole number that violations() has let pass: written as 10 or as 10.0.
std::optional<std::int64_t> whole_of(const yaml_document& doc, std::string_view key,
                                     findings& out) {
  const auto* e = doc.root.find(key);
  if (e == nullptr) return std::nullopt;
  const auto& v = e->value.value;
  if (v.is_int64()) return v.get_int64();
  if (v.is_double() && v.get_double() < 9.0e15) return static_cast<std::int64_t>(v.get_double());
  out.add(e->value.at, key, "is too large");
  return std::nullopt;
}

void fill_metric(const bj::object& config, core::sweep_spec& spec) {
  const auto* metric = config.if_contains("metric");
  if (metric == nullptr || !metric->is_object()) return;
  const auto& object = metric->get_object();
  spec.metric = text_of(object, "name");
  if (text_of(object, "goal") == "maximize") spec.goal = core::goal::maximize;
  if (const auto* target = object.if_contains("target"); target != nullptr && target->is_number())
    spec.target = target->to_number<double>();
}

/// What is left once nothing was found wrong: the spec, and the size of the space.
void fill_spec(const yaml_document& doc, std::string_view yaml, bj::object config, parsed_sweep& to,
               findings& out) {
  auto& spec = to.spec;
  spec.name = text_of(config, "name");
  spec.description = text_of(config, "description");
  spec.method = text_of(config, "method");
  spec.program = text_of(config, "program");
  to.project = text_of(config, "project");
  to.entity = text_of(config, "entity");
  fill_metric(config, spec);
  if (const auto* command = doc.root.find("command"))
    for (const auto& item : command->value.items) spec.command.push_back(item.raw);
  spec.run_cap = whole_of(doc, "run_cap", out);
  spec.max_concurrent_runs = whole_of(doc, "max_concurrent_runs", out);
  if (const auto* seed = config.if_contains("seed")) {
    to.seed_given = true;
    spec.seed =
        seed->is_uint64() ? seed->get_uint64() : static_cast<std::uint64_t>(seed->get_int64());
  }
  if (const auto* shuffle = config.if_contains("randomize_order"))
    spec.randomize_order = shuffle->get_bool();
  const auto made = strategies::make_strategy(config);
  if (made)
    spec.size = (*made)->size();
  else
    out.add(locate(doc.root, made.error().where), made.error().where, made.error().message);
  spec.config = std::move(config);
  spec.yaml = std::string(yaml);
}

}  // namespace

tl::expected<parsed_sweep, std::vector<problem>> parse_sweep(std::string_view yaml,
                                                             std::string_view source) {
  yaml_limits limits;
  limits.depth_max = sweep_depth_max;
  const auto doc = read_yaml(yaml, source, limits);
  if (!doc) return tl::unexpected(std::vector<problem>{{doc.error().where, doc.error().message}});
  findings out{std::string(source)};
  if (doc->root.what != kind::map) {
    out.add(doc->root.at, "", "a sweep file is a mapping that begins like: method: random");
    return tl::unexpected(out.problems());
  }
  auto json = to_json(doc->root);
  auto& config = json.get_object();
  config.erase("crash_policy");

  parsed_sweep parsed;
  if (const auto* block = doc->root.find("crash_policy"))
    parsed.policy = read_policy(block->value, block->at, "crash_policy", out);
  add_violations(*doc, config, out);
  check_names(*doc, out);
  check_command(*doc, out);
  check_size(*doc, out);
  if (out.empty())
    fill_spec(*doc, yaml, std::move(json_safe(std::move(json)).get_object()), parsed, out);
  if (!out.empty()) return tl::unexpected(out.problems());
  if (parsed.policy) parsed.policy_yaml = to_yaml(*parsed.policy);
  return parsed;
}

std::optional<std::string> size_warning(const core::sweep_spec& spec) {
  if (spec.size.value_or(0) <= cells_unasked_max) return std::nullopt;
  if (spec.run_cap && static_cast<std::uint64_t>(*spec.run_cap) <= cells_unasked_max) return std::nullopt;
  return "the grid has " + std::to_string(*spec.size) + " configurations, and no run_cap of " +
         std::to_string(cells_unasked_max) + " or less limits them";
}

}  // namespace sweepd::config
