// json::read<T> and json::write(T): JSON <-> plain structs that carry BOOST_DESCRIBE_STRUCT.
//
// Understands: bool, integers, doubles (finite; NaN and infinities travel as the strings "NaN",
// "Infinity", "-Infinity"), std::string, enums with BOOST_DESCRIBE_ENUM (a trailing `_` of an
// enumerator that would be a C++ keyword is not written), strong ids, milliseconds and time points
// (as integers), optional (absent or null = none), vector, set, map<string, T>, pair, boost::json
// values, and std::variant of described structs (an object with a "type" of the struct's `name`).
// A member that is absent keeps its default only if the struct says `static constexpr bool
// has_defaults = true`; otherwise it is an error with a JSON path, as is a wrong type.
#pragma once

#include "controller/base/ids.hpp"
#include "controller/base/json_text.hpp"
#include "controller/base/result.hpp"

#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <boost/mp11.hpp>

#include <chrono>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace sweepd::json {

namespace bj = boost::json;
namespace bd = boost::describe;

enum class unknown_keys { ignore, refuse };

template <class T>
bj::value write(const T& in);

namespace detail {

template <class T, template <class...> class Of>
struct is_a : std::false_type {};
template <template <class...> class Of, class... A>
struct is_a<Of<A...>, Of> : std::true_type {};

template <class T>
struct is_strong_id : std::false_type {};
template <class Tag>
struct is_strong_id<strong_id<Tag>> : std::true_type {};

template <class T>
struct is_time : std::false_type {};
template <class R, class P>
struct is_time<std::chrono::duration<R, P>> : std::true_type {};
template <class C, class D>
struct is_time<std::chrono::time_point<C, D>> : std::true_type {};

template <class T>
inline constexpr bool described = bd::has_describe_members<T>::value;

inline std::string_view enum_text(const char* name) {
  std::string_view text(name);
  if (text.ends_with('_')) text.remove_suffix(1);
  return text;
}

struct reader {
  unknown_keys policy;
  error err{errc::invalid, {}, {}};

  bool wrong(std::string what) {
    err.message = std::move(what);
    return false;
  }
  bool at(const std::string& step) {
    err.where = "/" + step + err.where;
    return false;
  }

  template <class T>
  bool read(const bj::value& v, T& out) {
    if constexpr (std::is_same_v<T, bj::value>) {
      out = v;
      return true;
    } else if constexpr (std::is_same_v<T, bj::object>) {
      if (!v.is_object()) return wrong("must be an object");
      out = v.get_object();
      return true;
    } else if constexpr (is_a<T, std::optional>::value) {
      if (v.is_null()) {
        out.reset();
        return true;
      }
      return read(v, out.emplace());
    } else if constexpr (std::is_same_v<T, bool>) {
      if (!v.is_bool()) return wrong("must be true or false");
      out = v.get_bool();
      return true;
    } else if constexpr (std::is_integral_v<T>) {
      boost::system::error_code ec;
      out = v.to_number<T>(ec);
      return ec ? wrong("must be a whole number in range") : true;
    } else if constexpr (std::is_floating_point_v<T>) {
      return read_double(v, out);
    } else if constexpr (std::is_same_v<T, std::string>) {
      if (!v.is_string()) return wrong("must be a text");
      out.assign(v.get_string().data(), v.get_string().size());
      return true;
    } else if constexpr (is_strong_id<T>::value) {
      return read(v, out.value);
    } else if constexpr (is_time<T>::value) {
      return read_time(v, out);
    } else if constexpr (std::is_enum_v<T>) {
      return read_enum(v, out);
    } else if constexpr (is_a<T, std::vector>::value || is_a<T, std::set>::value) {
      return read_list(v, out);
    } else if constexpr (is_a<T, std::pair>::value) {
      if (!v.is_array() || v.get_array().size() != 2) return wrong("must be a pair");
      return read(v.get_array()[0], out.first) && read(v.get_array()[1], out.second);
    } else if constexpr (is_a<T, std::map>::value) {
      return read_map(v, out);
    } else if constexpr (is_a<T, std::variant>::value) {
      return read_variant(v, out);
    } else {
      static_assert(described<T>, "give the type BOOST_DESCRIBE_STRUCT");
      return read_struct(v, out);
    }
  }

  template <class T>
  bool read_double(const bj::value& v, T& out) {
    if (v.is_string()) {
      const std::string_view s = v.get_string();
      if (s == "NaN") out = std::nan("");
      else if (s == "Infinity") out = HUGE_VAL;
      else if (s == "-Infinity") out = -HUGE_VAL;
      else return wrong("must be a number");
      return true;
    }
    if (!v.is_number()) return wrong("must be a number");
    out = v.to_number<T>();
    return true;
  }

  template <class T>
  bool read_time(const bj::value& v, T& out) {
    std::int64_t n = 0;
    if (!read(v, n)) return false;
    if constexpr (requires { out.time_since_epoch(); })
      out = T{typename T::duration{n}};
    else
      out = T{n};
    return true;
  }

  template <class T>
  bool read_enum(const bj::value& v, T& out) {
    bool found = false;
    const std::string_view given = v.is_string() ? std::string_view(v.get_string()) : std::string_view();
    boost::mp11::mp_for_each<bd::describe_enumerators<T>>([&](auto d) {
      if (found || !v.is_string() || given != enum_text(d.name)) return;
      out = d.value;
      found = true;
    });
    if (found) return true;
    std::string all;
    boost::mp11::mp_for_each<bd::describe_enumerators<T>>(
        [&](auto d) { all += (all.empty() ? "" : ", ") + std::string(enum_text(d.name)); });
    return wrong("must be one of: " + all);
  }

  template <class T>
  bool read_list(const bj::value& v, T& out) {
    if (!v.is_array()) return wrong("must be an array");
    out.clear();
    std::size_t i = 0;
    for (const auto& item : v.get_array()) {
      typename T::value_type x{};
      if (!read(item, x)) return at(std::to_string(i));
      out.insert(out.end(), std::move(x));
      ++i;
    }
    return true;
  }

  template <class T>
  bool read_map(const bj::value& v, T& out) {
    if (!v.is_object()) return wrong("must be an object");
    out.clear();
    for (const auto& [key, item] : v.get_object()) {
      typename T::key_type k{};
      if constexpr (is_strong_id<typename T::key_type>::value)
        k.value = std::string(key);
      else
        k = std::string(key);
      if (!read(item, out[k])) return at(std::string(key));
    }
    return true;
  }

  template <class T>
  bool read_variant(const bj::value& v, T& out) {
    if (!v.is_object()) return wrong("must be an object");
    const auto* type = v.get_object().if_contains("type");
    if (type == nullptr || !type->is_string()) return at("type"), wrong("is required");
    bool known = false;
    bool ok = false;
    boost::mp11::mp_for_each<boost::mp11::mp_iota_c<std::variant_size_v<T>>>([&](auto i) {
      using alt = std::variant_alternative_t<decltype(i)::value, T>;
      if (known || std::string_view(type->get_string()) != alt::name) return;
      known = true;
      ok = read(v, out.template emplace<decltype(i)::value>());
    });
    if (!known) {
      at("type");
      return wrong("is not a known type: " + std::string(type->get_string()));
    }
    return ok;
  }

  template <class T>
  bool read_struct(const bj::value& v, T& out) {
    if (!v.is_object()) return wrong("must be an object");
    const auto& object = v.get_object();
    bool ok = true;
    boost::mp11::mp_for_each<bd::describe_members<T, bd::mod_any_access>>([&](auto d) {
      if (!ok) return;
      using member = std::remove_reference_t<decltype(out.*d.pointer)>;
      if (const auto* item = object.if_contains(d.name)) {
        if (!read(*item, out.*d.pointer)) ok = at(d.name);
      } else if constexpr (!is_a<member, std::optional>::value && !requires { T::has_defaults; }) {
        wrong("is required");
        ok = at(d.name);
      }
    });
    if (ok && policy == unknown_keys::refuse) ok = only_known<T>(object);
    return ok;
  }

  template <class T>
  bool only_known(const bj::object& object) {
    for (const auto& [key, item] : object) {
      bool known = false;
      boost::mp11::mp_for_each<bd::describe_members<T, bd::mod_any_access>>(
          [&](auto d) { known = known || key == d.name; });
      if (!known) {
        wrong("is not a known key");
        return at(std::string(key));
      }
    }
    return true;
  }
};

}  // namespace detail

/// Reads a T; the error's `where` is a JSON path. Unknown keys are ignored unless told otherwise.
template <class T>
result<T> read(const bj::value& v, unknown_keys policy = unknown_keys::ignore) {
  detail::reader r{policy};
  T out{};
  if (!r.read(v, out)) return tl::unexpected<error>(std::move(r.err));
  return out;
}

/// Parses one JSON text (depth 32 at most, trailing text refused) and reads a T from it.
template <class T>
result<T> parse(std::string_view text, unknown_keys policy = unknown_keys::ignore) {
  SWEEPD_TRY(const auto v, parse(text));
  return read<T>(v, policy);
}

/// An enumerator's text, as it stands in JSON.
template <class E>
std::string_view enum_name(E e) {
  return detail::enum_text(bd::enum_to_string(e, "?"));
}

/// The reverse of enum_name; none when the text names no enumerator.
template <class E>
std::optional<E> enum_value(std::string_view text) {
  E out{};
  detail::reader r{unknown_keys::ignore};
  if (!r.read_enum(bj::value(bj::string_view(text.data(), text.size())), out)) return std::nullopt;
  return out;
}

/// The JSON value of a described struct (or of any type listed at the top). Absent optionals are left out.
template <class T>
bj::value write(const T& in) {
  using namespace detail;
  if constexpr (std::is_same_v<T, bj::value> || std::is_same_v<T, bool> ||
                std::is_same_v<T, std::string>) {
    return bj::value(in);
  } else if constexpr (std::is_same_v<T, bj::object>) {
    return bj::value(in);
  } else if constexpr (is_a<T, std::optional>::value) {
    return in ? write(*in) : bj::value(nullptr);
  } else if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(in)) return "NaN";
    if (std::isinf(in)) return in > 0 ? "Infinity" : "-Infinity";
    return bj::value(in);
  } else if constexpr (std::is_integral_v<T>) {
    return bj::value(in);
  } else if constexpr (is_strong_id<T>::value) {
    return bj::value(in.value);
  } else if constexpr (is_time<T>::value) {
    if constexpr (requires { in.time_since_epoch(); })
      return bj::value(in.time_since_epoch().count());
    else
      return bj::value(in.count());
  } else if constexpr (std::is_enum_v<T>) {
    const auto text = enum_name(in);
    return bj::value(bj::string_view(text.data(), text.size()));
  } else if constexpr (is_a<T, std::vector>::value || is_a<T, std::set>::value) {
    bj::array out;
    for (const auto& item : in) out.push_back(write(item));
    return out;
  } else if constexpr (is_a<T, std::pair>::value) {
    return bj::array{write(in.first), write(in.second)};
  } else if constexpr (is_a<T, std::map>::value) {
    bj::object out;
    for (const auto& [key, item] : in) {
      if constexpr (is_strong_id<typename T::key_type>::value)
        out[key.value] = write(item);
      else
        out[key] = write(item);
    }
    return out;
  } else if constexpr (is_a<T, std::variant>::value) {
    return std::visit(
        [](const auto& alt) {
          bj::object out;
          out["type"] = std::decay_t<decltype(alt)>::name;
          auto members = write(alt);  // named: a range-for does not keep a temporary's owner alive
          for (auto& [key, item] : members.get_object()) out[key] = std::move(item);
          return bj::value(std::move(out));
        },
        in);
  } else {
    static_assert(described<T>, "give the type BOOST_DESCRIBE_STRUCT");
    bj::object out;
    boost::mp11::mp_for_each<bd::describe_members<T, bd::mod_any_access>>([&](auto d) {
      using member = std::remove_cv_t<std::remove_reference_t<decltype(in.*d.pointer)>>;
      if constexpr (is_a<member, std::optional>::value) {
        if (in.*d.pointer) out[d.name] = write(*(in.*d.pointer));
      } else {
        out[d.name] = write(in.*d.pointer);
      }
    });
    return out;
  }
}

/// write(), as one line of text (json_text.hpp).
template <class T>
std::string to_text(const T& in) {
  return to_text(write(in));
}

}  // namespace sweepd::json
