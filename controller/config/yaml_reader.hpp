// YAML text -> a tree of values that know where they stand. The only place that calls yaml-cpp.
//
// The text is walked as events, so no library tree is ever built and an alias bomb costs nothing:
// every alias is charged with the size of what it stands for before it is copied. Scalars mean what
// PyYAML takes them for (yaml_scalar.hpp); merge keys `<<` work as PyYAML's do; a key given twice,
// a key that is not a text, a tag other than YAML's own types, a cycle and a second document are
// refused. Lines and columns are 1-based and count characters. Pure: text in, tree or error out.
#pragma once

#include "controller/base/result.hpp"

#include <boost/describe.hpp>
#include <boost/json.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sweepd::config {

/// One thing that is wrong with a file: "sweep.yaml:12:5" and "parameters.lr.min: must be a
/// number".
struct problem {
  std::string where;
  std::string message;
  friend bool operator==(const problem&, const problem&) = default;
};
BOOST_DESCRIBE_STRUCT(problem, (), (where, message))

/// 1-based.
struct place {
  int line = 1;
  int column = 1;
  friend auto operator<=>(const place&, const place&) = default;
};

struct yaml_entry;

/// A value and where it stands. Scalars carry `value`; `raw` is the text as written, for words such
/// as `off` that YAML 1.1 takes for a boolean.
struct yaml_node {
  enum class kind { scalar, list, map };
  kind what = kind::scalar;
  place at;
  bool quoted = false;  ///< a scalar in quotes, in a block (`|`, `>`), or tagged !!str
  std::string raw;
  boost::json::value value;
  std::vector<yaml_node> items;
  std::vector<yaml_entry> entries;  ///< in the order written, merged ones first

  [[nodiscard]] const yaml_entry* find(std::string_view key) const;
};
struct yaml_entry {
  std::string key;
  place at;  ///< of the key
  yaml_node value;
};

struct yaml_document {
  std::string source;  ///< the name used in messages
  yaml_node root;
};

/// What is refused (reference: the limits table of the security notes). All may be lowered.
struct yaml_limits {
  std::size_t bytes_max = 256 * 1024;
  std::size_t depth_max = 32;
  std::size_t nodes_max = 10'000;            ///< after aliases are expanded; keys count too
  std::size_t text_bytes_max = 1024 * 1024;  ///< of all scalars, after aliases are expanded
  std::size_t anchors_max = 100;
  bool empty_allowed = false;  ///< a file of comments only is then a null root
};

/// Reads one document. Errors: invalid or too_large, `where` is "source:line:column" and the
/// message begins with the path of what was being read, if there is one.
result<yaml_document> read_yaml(std::string_view text, std::string_view source,
                                const yaml_limits& limits = {});

/// "source:line:column"
std::string where(std::string_view source, place at);

/// Where `path` ("parameters.lr.min", "rules[2].do", "values.0") stands: a scalar's own place, a
/// collection's key. When it is not there: the nearest enclosing thing that is. A key may contain
/// dots.
place locate(const yaml_node& root, std::string_view path);
/// The same, but the key's place even if its value is a scalar: for complaints about the key
/// itself.
place locate_key(const yaml_node& root, std::string_view path);

/// The node at `path`, or none.
const yaml_node* find_path(const yaml_node& root, std::string_view path);

/// The tree as JSON, in the order written. Doubles may be NaN or infinite: see json_safe.
boost::json::value to_json(const yaml_node& node);

/// NaN and infinities replaced by the texts "NaN", "Infinity", "-Infinity", as they travel in JSON.
boost::json::value json_safe(boost::json::value v);

/// Collects what is wrong with one file; problems() are in the order of the file.
class findings {
 public:
  explicit findings(std::string source) : source_(std::move(source)) {}
  /// `path` may be empty.
  void add(place at, std::string_view path, std::string text);
  /// A problem that carries its place already ("file:line:column").
  void add(place at, problem p);
  [[nodiscard]] bool empty() const { return found_.empty(); }
  [[nodiscard]] const std::string& source() const { return source_; }
  [[nodiscard]] std::vector<problem> problems() const;

 private:
  std::string source_;
  std::vector<std::pair<place, problem>> found_;
};

/// The first problem as an error (errc::invalid), with the number of further ones.
error to_error(const std::vector<problem>& problems);

}  // namespace sweepd::config
