#include "tests/rest/openapi_check.hpp"

#include "controller/rest/rest.hpp"

#include <algorithm>
#include <stdexcept>

namespace sweepd::test {
namespace {

namespace bj = boost::json;

const bj::value& resolve(const bj::value& schema) {
  const auto* reference = schema.is_object() ? schema.get_object().if_contains("$ref") : nullptr;
  if (reference == nullptr) return schema;
  std::string_view path(reference->get_string());
  path.remove_prefix(2);  // "#/"
  const bj::value* here = nullptr;
  while (!path.empty()) {
    const auto slash = std::min(path.find('/'), path.size());
    const bj::string_view step(path.data(), slash);
    const auto& object = here == nullptr ? openapi_document() : here->get_object();
    here = object.if_contains(step);
    if (here == nullptr) throw std::logic_error("openapi.json: dangling $ref");
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return resolve(*here);
}

bool is_of(std::string_view type, const bj::value& v) {
  if (type == "object") return v.is_object();
  if (type == "array") return v.is_array();
  if (type == "string") return v.is_string();
  if (type == "boolean") return v.is_bool();
  if (type == "null") return v.is_null();
  if (type == "number") return v.is_number();
  if (type == "integer") return v.is_int64() || v.is_uint64();
  throw std::logic_error("openapi.json: unknown type " + std::string(type));
}

class checker {
 public:
  std::vector<std::string> found;

  void check(const bj::value& raw, const bj::value& v, const std::string& at) {
    const auto& schema = resolve(raw).get_object();
    if (const auto* any = schema.if_contains("anyOf")) check_any(any->get_array(), v, at);
    if (const auto* type = schema.if_contains("type"); type != nullptr && !fits(*type, v)) {
      say(at, "is of the wrong type: " + bj::serialize(v));
      return;
    }
    if (const auto* allowed = schema.if_contains("enum")) {
      const auto& list = allowed->get_array();
      if (std::find(list.begin(), list.end(), v) == list.end())
        say(at, "is no word of the list: " + bj::serialize(v));
    }
    if (const auto* object = v.if_object()) check_object(schema, *object, at);
    if (const auto* array = v.if_array())
      if (const auto* items = schema.if_contains("items"))
        for (std::size_t i = 0; i < array->size(); ++i)
          check(*items, (*array)[i], at + "/" + std::to_string(i));
  }

 private:
  void say(const std::string& at, const std::string& what) { found.push_back(at + ": " + what); }

  static bool fits(const bj::value& type, const bj::value& v) {
    if (type.is_string()) return is_of(std::string_view(type.get_string()), v);
    const auto& list = type.get_array();
    return std::any_of(list.begin(), list.end(),
                       [&](const bj::value& t) { return is_of(std::string_view(t.get_string()), v); });
  }

  void check_any(const bj::array& options, const bj::value& v, const std::string& at) {
    std::string first;
    for (const auto& option : options) {
      checker one;
      one.check(option, v, at);
      if (one.found.empty()) return;
      if (first.empty()) first = one.found.front();
    }
    say(at, "fits none of the alternatives; the first: " + first);
  }

  void check_object(const bj::object& schema, const bj::object& object, const std::string& at) {
    if (const auto* required = schema.if_contains("required"))
      for (const auto& name : required->get_array())
        if (!object.contains(name.get_string()))
          say(at + "/" + std::string(name.get_string()), "is missing");
    const auto* properties = schema.if_contains("properties");
    const auto* more = schema.if_contains("additionalProperties");
    const bool closed = more != nullptr && more->is_bool() && !more->get_bool();
    for (const auto& [key, item] : object) {
      const auto* known =
          properties == nullptr ? nullptr : properties->get_object().if_contains(key);
      if (known != nullptr) check(*known, item, at + "/" + std::string(key));
      else if (closed) say(at + "/" + std::string(key), "is not in the document");
    }
  }
};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

}  // namespace

const bj::object& openapi_document() {
  static const bj::value document = [] {
    const auto text = rest::openapi_text();
    bj::parse_options deep;
    deep.max_depth = 64;
    return bj::parse(bj::string_view(text.data(), text.size()), {}, deep);
  }();
  return document.get_object();
}

const bj::object* operation(std::string_view method, std::string_view pattern) {
  const auto* path = openapi_document().at("paths").get_object().if_contains(
      bj::string_view(pattern.data(), pattern.size()));
  if (path == nullptr) return nullptr;
  const auto* found = path->get_object().if_contains(lower(method));
  return found == nullptr ? nullptr : &found->get_object();
}

std::vector<std::string> schema_problems(const bj::value& schema, const bj::value& value) {
  checker c;
  c.check(schema, value, "");
  return std::move(c.found);
}

std::vector<std::string> answer_problems(std::string_view method, std::string_view pattern,
                                         int status, std::string_view content_type,
                                         const std::string& body) {
  const auto where = std::string(method) + " " + std::string(pattern) + " " + std::to_string(status);
  const auto* op = operation(method, pattern);
  if (op == nullptr) return {where + ": is not in the document"};
  const auto* answer = op->at("responses").get_object().if_contains(std::to_string(status));
  if (answer == nullptr) return {where + ": is an undocumented status: " + body.substr(0, 300)};
  const auto* content = resolve(*answer).get_object().if_contains("content");
  if (content == nullptr) return body.empty() ? std::vector<std::string>{}
                                              : std::vector{where + ": has a body that is not documented"};
  const auto type = content_type.substr(0, content_type.find(';'));
  const auto* media = content->get_object().if_contains(bj::string_view(type.data(), type.size()));
  if (media == nullptr) return {where + ": has an undocumented content type " + std::string(type)};
  if (!type.ends_with("json")) return {};
  boost::system::error_code ec;
  const auto value = bj::parse(body, ec);
  if (ec) return {where + ": is no JSON: " + body};
  auto found = schema_problems(media->get_object().at("schema"), value);
  for (auto& f : found) f = where + " " + f;
  return found;
}

}  // namespace sweepd::test
