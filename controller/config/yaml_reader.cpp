#include "controller/config/yaml_reader.hpp"

#include "controller/config/yaml_scalar.hpp"
#include "controller/config/yaml_text.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <sstream>

namespace sweepd::config {
namespace {

constexpr std::string_view core_tag = "tag:yaml.org,2002:";

/// Carries a refusal out through yaml-cpp's parser, which knows no other way to be stopped.
struct refusal {
  error what;
};

/// What an anchor stands for, and what one copy of it costs.
struct anchored {
  yaml_node node;
  std::size_t nodes = 0;
  std::size_t text_bytes = 0;
  std::size_t height = 0;
};

/// A collection that is still open.
struct frame {
  yaml_node node;
  YAML::anchor_t anchor = 0;
  bool merge_list = false;         ///< the list of a `<<: [*a, *b]`
  std::optional<yaml_entry> open;  ///< a key whose value is to come
  bool open_is_merge = false;
  YAML::Mark key_mark;  ///< of `open`
  std::vector<yaml_entry> merged;
  bool merge_seen = false;
  std::map<std::string, place, std::less<>> keys;
  char bracket = 0;  ///< '[' or '{' when it was written with brackets
  YAML::Mark mark;
  std::size_t nodes_before = 0;  ///< the builder's totals when it was opened
  std::size_t bytes_before = 0;
  std::size_t height = 1;
};

/// Builds the tree from yaml-cpp's events and refuses what is over a limit as soon as it is.
class builder : public YAML::EventHandler {
 public:
  builder(const yaml_text& text, std::string_view source, const yaml_limits& limits)
      : text_(text), source_(source), limits_(limits) {}

  std::optional<yaml_node> root;

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ == 0) return;
    if (text_.line(mark.line).starts_with("---"))
      stop(mark, "a second document begins here; one file holds one document");
    stop(mark, "this does not belong to what stands above it; check the indentation");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    // An absent value has the mark of whatever follows; its key is the better place.
    yaml_node n;
    n.at = at(mark);
    if (!frames_.empty() && frames_.back().open && frames_.back().open->at.line != n.at.line)
      n.at = frames_.back().open->at;
    charge(n.at, 1, 0);
    if (expects_key()) refuse_key(mark, "a key is missing before ':'");
    if (!frames_.empty() && frames_.back().bracket == '[' && rest(mark).starts_with(','))
      stop(mark, "a value is missing before this comma");
    check_colon();
    deliver(std::move(n), anchor, 1, 0);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    for (const auto& f : frames_)
      if (f.anchor == anchor) stop(mark, "this alias stands inside its own anchor: a cycle");
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) stop(mark, "this alias has no anchor before it");
    const auto& target = found->second;
    if (expects_key()) stop(mark, "an alias cannot be a key; write the key itself");
    if (frames_.size() + target.height > limits_.depth_max) too_deep(at(mark));
    charge(at(mark), target.nodes, target.text_bytes);
    yaml_node copy = target.node;
    if (copy.what == yaml_node::kind::scalar) copy.at = at(mark);
    raise(target.height);
    deliver(std::move(copy), 0, target.nodes, target.text_bytes);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_tab(mark);
    const place here = at(mark);
    charge(here, 1, value.size());
    if (value.find('\0') != std::string::npos) stop_at(here, "a text may not contain NUL (\\0)");
    // yaml-cpp would take the rest of the file for the text.
    if (tag != "?" && quote_never_closed(rest(mark))) stop(mark, "this quote is never closed");
    if (expects_key()) return take_key(mark, tag, value);
    yaml_node n;
    n.at = here;
    n.raw = value;
    n.quoted = tag == "!" || tag == std::string(core_tag) + "str";
    auto resolved = scalar(mark, tag, value);
    if (!resolved) stop_at(here, resolved.error().message);
    n.value = std::move(*resolved);
    deliver(std::move(n), anchor, 1, value.size());
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, yaml_node::kind::list);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, yaml_node::kind::map);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

  [[nodiscard]] place at(const YAML::Mark& mark) const { return text_.at(mark.line, mark.column); }

  /// PyYAML refuses a line that is indented with a tab, yaml-cpp takes it for something else.
  void check_tab(const YAML::Mark& mark) const {
    if (const auto tab = text_.tab_before(mark.line, mark.column))
      stop_at(text_.at(mark.line, *tab),
              "the line is indented with a tab; YAML allows only spaces");
  }

  /// Refuses a bracket that nothing after it can close: yaml-cpp then complains of something else.
  void check_brackets() const {
    for (const auto& f : frames_)
      if (f.bracket != 0) check_bracket(f.mark, f.bracket);
  }

  /// The path of what is being read, "parameters.lr.values[2]".
  [[nodiscard]] std::string path() const {
    std::string out;
    for (const auto& f : frames_) {
      if (f.node.what == yaml_node::kind::list && !f.merge_list)
        out += "[" + std::to_string(f.node.items.size()) + "]";
      else if (f.open)
        out += (out.empty() ? "" : ".") + f.open->key;
    }
    return out;
  }

  [[noreturn]] void stop_at(place p, std::string text, errc code = errc::invalid) const {
    const auto prefix = path();
    throw refusal{
        {code, prefix.empty() ? std::move(text) : prefix + ": " + text, where(source_, p)}};
  }

 private:
  [[noreturn]] void stop(const YAML::Mark& mark, std::string text) const {
    stop_at(at(mark), std::move(text));
  }
  [[noreturn]] void too_deep(place p) const {
    stop_at(p, "nested deeper than " + std::to_string(limits_.depth_max) + " levels",
            errc::too_large);
  }

  [[nodiscard]] std::string_view rest(const YAML::Mark& mark) const {
    return text_.from(mark.line, mark.column);
  }

  void check_bracket(const YAML::Mark& mark, char bracket) const {
    const char closing = bracket == '[' ? ']' : '}';
    if (rest(mark).find(closing) == std::string_view::npos)
      stop(mark, std::string("this '") + bracket + "' is never closed; add '" + closing + "'");
  }

  /// yaml-cpp takes a line without ':' in a mapping for a key without a value.
  void check_colon() const {
    if (frames_.empty() || !frames_.back().open || frames_.back().bracket != 0) return;
    const auto& f = frames_.back();
    const auto before = text_.line(f.key_mark.line)
                            .substr(0, static_cast<std::size_t>(std::max(f.key_mark.column, 0)));
    const bool explicit_key = before.find('?') != std::string_view::npos;
    if (!explicit_key && !colon_follows(rest(f.key_mark), f.open->key))
      stop(f.key_mark, "a ':' is missing after this key");
  }

  [[noreturn]] void refuse_key(const YAML::Mark& mark, std::string text) const {
    check_brackets();
    stop(mark, std::move(text));
  }

  [[nodiscard]] bool expects_key() const {
    return !frames_.empty() && frames_.back().node.what == yaml_node::kind::map &&
           !frames_.back().open;
  }

  /// Counts nodes and text as if every alias were written out.
  void charge(place p, std::size_t nodes, std::size_t bytes) {
    nodes_ += nodes;
    bytes_ += bytes;
    if (nodes_ > limits_.nodes_max)
      stop_at(p,
              "more than " + std::to_string(limits_.nodes_max) +
                  " values and keys, aliases written out",
              errc::too_large);
    if (bytes_ > limits_.text_bytes_max)
      stop_at(p,
              "more than " + std::to_string(limits_.text_bytes_max) +
                  " bytes of text, aliases written out",
              errc::too_large);
  }

  /// Every open collection is at least as high as what was just put into it.
  void raise(std::size_t height) {
    for (auto f = frames_.rbegin(); f != frames_.rend(); ++f)
      f->height = std::max(f->height, ++height);
  }

  [[nodiscard]] result<boost::json::value> scalar(const YAML::Mark& mark, const std::string& tag,
                                                  const std::string& value) const {
    if (tag == "?") return resolve_plain(value);
    if (tag == "!") {
      const auto line = text_.line(mark.line);
      const auto column = static_cast<std::size_t>(std::max(mark.column, 0));
      if (column < line.size() && line[column] == '!')
        return fail(errc::invalid, "the tag '!' says nothing; remove it");
      return boost::json::value(value);
    }
    if (tag.starts_with(core_tag)) {
      const auto type = std::string_view(tag).substr(core_tag.size());
      static constexpr std::array known{"str", "int", "float", "bool", "null"};
      if (std::ranges::find(known, type) != known.end()) return resolve_tagged(type, value);
    }
    return fail(errc::invalid, unknown_tag(tag));
  }

  [[nodiscard]] static std::string unknown_tag(const std::string& tag) {
    const std::string shown = tag.starts_with(core_tag) ? "!!" + tag.substr(core_tag.size()) : tag;
    return "the tag " + shown.substr(0, 60) +
           " is refused; a file may use !!str, !!int, !!float, !!bool, !!null, !!seq and !!map";
  }

  void take_key(const YAML::Mark& mark, const std::string& tag, const std::string& value) {
    auto& f = frames_.back();
    const place p = at(mark);
    f.open_is_merge = tag == "?" && value == "<<";
    if (!f.open_is_merge) {
      const auto meaning =
          tag == "?" ? resolve_plain(value) : result<boost::json::value>(boost::json::value(value));
      if (tag != "?" && tag != "!" && tag != std::string(core_tag) + "str")
        stop_at(p, unknown_tag(tag));
      if (!meaning || !meaning->is_string())
        refuse_key(mark, "the key " + value + " is not a text in YAML 1.1 (" +
                             (!meaning             ? "it has no meaning"
                              : meaning->is_bool() ? "a boolean"
                                                   : "a number") +
                             "); write \"" + value + "\"");
    }
    f.key_mark = mark;
    const auto [first, fresh] = f.keys.emplace(value, p);
    f.open = yaml_entry{value, p, {}};
    if (!fresh)
      stop_at(p, "this key is given twice, first at line " + std::to_string(first->second.line) +
                     ", column " + std::to_string(first->second.column) + "; remove one");
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            yaml_node::kind kind) {
    check_tab(mark);
    const place here = at(mark);
    const auto text = rest(mark);
    const char bracket = text.starts_with('[') || text.starts_with('{') ? text.front() : '\0';
    if (expects_key()) {
      if (bracket != 0) check_bracket(mark, bracket);
      refuse_key(mark, "a key must be a text, not a list or a mapping");
    }
    if (tag != "?" &&
        tag != std::string(core_tag) + (kind == yaml_node::kind::list ? "seq" : "map"))
      stop_at(here, unknown_tag(tag));
    if (frames_.size() + 1 > limits_.depth_max) too_deep(here);
    frame f;
    f.nodes_before = nodes_;
    f.bytes_before = bytes_;
    charge(here, 1, 0);
    f.node.what = kind;
    f.node.at = here;
    f.bracket = bracket;
    f.mark = mark;
    f.anchor = anchor;
    f.merge_list = kind == yaml_node::kind::list && !frames_.empty() && frames_.back().open &&
                   frames_.back().open_is_merge;
    frames_.push_back(std::move(f));
    raise(0);
  }

  void close() {
    frame f = std::move(frames_.back());
    frames_.pop_back();
    finish_merge(f);
    deliver(std::move(f.node), f.anchor, nodes_ - f.nodes_before, bytes_ - f.bytes_before,
            f.height);
  }

  /// PyYAML puts merged pairs in front and lets the mapping's own keys win.
  static void finish_merge(frame& f) {
    if (f.merged.empty()) return;
    std::vector<yaml_entry> all;
    for (auto& e : f.merged)
      if (f.node.find(e.key) == nullptr) all.push_back(std::move(e));
    for (auto& e : f.node.entries) all.push_back(std::move(e));
    f.node.entries = std::move(all);
  }

  void deliver(yaml_node n, YAML::anchor_t anchor, std::size_t nodes, std::size_t bytes,
               std::size_t height = 0) {
    if (anchor != 0) {
      if (anchors_.size() >= limits_.anchors_max)
        stop_at(n.at, "more than " + std::to_string(limits_.anchors_max) + " anchors",
                errc::too_large);
      anchors_.emplace(anchor, anchored{n, nodes, bytes, height});
    }
    if (frames_.empty()) {
      root = std::move(n);
      return;
    }
    auto& f = frames_.back();
    if (f.node.what == yaml_node::kind::list) {
      f.node.items.push_back(std::move(n));
    } else if (f.open_is_merge) {
      merge(f, std::move(n));
      f.open.reset();
    } else {
      f.open->value = std::move(n);
      f.node.entries.push_back(std::move(*f.open));
      f.open.reset();
    }
  }

  /// `<<: *a` and `<<: [*a, *b]`: earlier ones win.
  void merge(frame& f, yaml_node n) {
    std::vector<yaml_node> sources;
    if (n.what == yaml_node::kind::list)
      sources = std::move(n.items);
    else
      sources.push_back(std::move(n));
    for (auto& source : sources) {
      if (source.what != yaml_node::kind::map)
        stop_at(source.at, "'<<' takes a mapping or a list of mappings");
      for (auto& e : source.entries)
        if (std::ranges::find(f.merged, e.key, &yaml_entry::key) == f.merged.end())
          f.merged.push_back(std::move(e));
    }
  }

  const yaml_text& text_;
  std::string source_;
  const yaml_limits& limits_;
  std::vector<frame> frames_;
  std::map<YAML::anchor_t, anchored> anchors_;
  std::size_t nodes_ = 0;
  std::size_t bytes_ = 0;
  int documents_ = 0;
};

}  // namespace

result<yaml_document> read_yaml(std::string_view text, std::string_view source,
                                const yaml_limits& limits) {
  SWEEPD_TRY(const auto prepared, prepare_yaml(text, source, limits));
  builder handler(prepared, source, limits);
  try {
    std::istringstream in(prepared.text);
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(handler)) {
    }
  } catch (const refusal& r) {
    return tl::unexpected<error>(r.what);
  } catch (const YAML::Exception& e) {
    try {
      if (!e.mark.is_null()) handler.check_tab(e.mark);
      handler.check_brackets();
      handler.stop_at(e.mark.is_null() ? place{} : handler.at(e.mark), explain_yaml(e.msg));
    } catch (const refusal& r) {
      return tl::unexpected<error>(r.what);
    }
  }
  if (!handler.root) handler.root.emplace();
  const bool nothing =
      handler.root->what == yaml_node::kind::scalar && handler.root->value.is_null();
  if (nothing && !limits.empty_allowed)
    return fail(errc::invalid, "the file is empty (or holds only comments)", where(source, {}));
  return yaml_document{std::string(source), std::move(*handler.root)};
}

}  // namespace sweepd::config
