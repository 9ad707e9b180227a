// json::document(T): a described struct as JSON text, straight into one string. The same text as to_text(write(T)),
// without the value between them, which costs five times as much: for what the store writes by the million.
#pragma once

#include "controller/base/json_record.hpp"

#include <concepts>

namespace sweepd::json {

/// Appends what to_text() gives.
void append_value(std::string& out, const bj::value& v);
void append_value(std::string& out, const bj::object& v);
void append_value(std::string& out, std::string_view text);  ///< quoted, escaped
void append_value(std::string& out, double d);
void append_value(std::string& out, std::int64_t n);
void append_value(std::string& out, std::uint64_t n);

namespace detail {

/// False, 0, "", no element: what a member is before anything was put into it.
template <class T>
bool is_blank(const T& x) {
  if constexpr (is_strong_id<T>::value)
    return x.value.empty();
  else if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T> || is_time<T>::value)
    return x == T{};
  else if constexpr (requires { x.empty(); })
    return x.empty();
  else
    return false;
}

template <class T>
void append_document(std::string& out, const T& in);

/// `{` before the first member, `,` before each other one.
inline void begin_member(std::string& out, std::size_t start) { out += out.size() == start ? '{' : ','; }
inline void end_members(std::string& out, std::size_t start) { out += out.size() == start ? "{}" : "}"; }

template <class T>
void append_list(std::string& out, const T& in) {
  char before = '[';
  for (const auto& item : in) {
    out += before;
    append_document(out, item);
    before = ',';
  }
  out += in.empty() ? "[]" : "]";
}

template <class T>
void append_map(std::string& out, const T& in) {
  const auto start = out.size();
  for (const auto& [key, item] : in) {
    begin_member(out, start);
    append_document(out, key);
    out += ':';
    append_document(out, item);
  }
  end_members(out, start);
}

/// The members for which `wanted(descriptor)` is true; `start` is where the object's text begins.
template <class T, class Wanted>
void append_members(std::string& out, const T& in, std::size_t start, Wanted wanted) {
  boost::mp11::mp_for_each<bd::describe_members<T, bd::mod_any_access>>([&](auto d) {
    using member = std::remove_cv_t<std::remove_reference_t<decltype(in.*d.pointer)>>;
    if constexpr (is_a<member, std::optional>::value)
      if (!(in.*d.pointer)) return;
    if (!wanted(d)) return;
    begin_member(out, start);
    out += '"';
    out += d.name;  // an identifier: nothing to escape
    out += "\":";
    append_document(out, in.*d.pointer);
  });
  end_members(out, start);
}

template <class T>
void append_struct(std::string& out, const T& in, std::size_t start) {
  append_members(out, in, start, [](auto) { return true; });
}

template <class T>
void append_document(std::string& out, const T& in) {
  if constexpr (std::same_as<T, bool>) {
    out += in ? "true" : "false";
  } else if constexpr (std::same_as<T, bj::value> || std::same_as<T, bj::object>) {
    append_value(out, in);
  } else if constexpr (std::same_as<T, std::string>) {
    append_value(out, std::string_view(in));
  } else if constexpr (is_a<T, std::optional>::value) {
    in ? append_document(out, *in) : void(out += "null");
  } else if constexpr (std::is_floating_point_v<T>) {
    append_value(out, double{in});
  } else if constexpr (std::unsigned_integral<T>) {
    append_value(out, std::uint64_t{in});
  } else if constexpr (std::signed_integral<T>) {
    append_value(out, std::int64_t{in});
  } else if constexpr (is_strong_id<T>::value) {
    append_value(out, std::string_view(in.value));
  } else if constexpr (is_time<T>::value) {
    if constexpr (requires { in.time_since_epoch(); })
      append_document(out, in.time_since_epoch().count());
    else
      append_document(out, in.count());
  } else if constexpr (std::is_enum_v<T>) {
    append_value(out, enum_name(in));
  } else if constexpr (is_a<T, std::vector>::value || is_a<T, std::set>::value) {
    append_list(out, in);
  } else if constexpr (is_a<T, std::pair>::value) {
    out += '[';
    append_document(out, in.first);
    out += ',';
    append_document(out, in.second);
    out += ']';
  } else if constexpr (is_a<T, std::map>::value) {
    append_map(out, in);
  } else if constexpr (is_a<T, std::variant>::value) {
    std::visit(
        [&out](const auto& alt) {
          const auto start = out.size();
          out += "{\"type\":\"";
          out += std::decay_t<decltype(alt)>::name;
          out += '"';
          append_struct(out, alt, start);
        },
        in);
  } else {
    static_assert(described<T>, "give the type BOOST_DESCRIBE_STRUCT");
    append_struct(out, in, out.size());
  }
}

}  // namespace detail

/// The text of to_text(in).
template <class T>
std::string document(const T& in) {
  std::string out;
  detail::append_document(out, in);
  return out;
}

/// A described struct without the members that are blank (false, 0, "", empty, the first enumerator) and are so in a
/// new T as well, and without the member called `without`: for documents of our own, read back with has_defaults. The
/// default of a member that was blank must stay blank for as long as such documents exist.
template <class T>
std::string sparse_document(const T& in, std::string_view without = {}) {
  static const T fresh{};
  std::string out;
  detail::append_members(out, in, 0, [&](auto d) {
    if (d.name == without) return false;
    return !(detail::is_blank(in.*d.pointer) && detail::is_blank(fresh.*d.pointer));
  });
  return out;
}

}  // namespace sweepd::json
